namespace Exchange.Contracts.Errors;

/// <summary>Whose fault an error is, and so who must act.</summary>
public enum Party
{
    Caller,
    Hub,
    Provider,
    Subscriber,
}

/// <summary>
/// A fault that a person must be told of: what failed, whose fault it is, what to do next. Never holds a secret: connection strings
/// are named, not shown.
/// </summary>
/// <param name="code">An entry of <see cref="ErrorCodes"/>.</param>
/// <param name="party">Who must act.</param>
/// <param name="message">What failed and which one.</param>
/// <param name="next">What to do next.</param>
/// <param name="inner">The cause.</param>
public class ExchangeException(string code, Party party, string message, string next, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public Party Party { get; } = party;

    public string Next { get; } = next;
}
