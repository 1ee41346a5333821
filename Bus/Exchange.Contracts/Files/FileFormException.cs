using Exchange.Contracts.Errors;

namespace Exchange.Contracts.Files;

/// <summary>A file that can't be read for what it should be.</summary>
/// <param name="message">Which file, what is wrong, and where.</param>
/// <param name="next">What to do next.</param>
/// <param name="inner">The cause.</param>
public sealed class FileFormException(string message, string next, Exception? inner = null) : ExchangeException(ErrorCodes.FileInvalid, Party.Caller, message, next, inner);
