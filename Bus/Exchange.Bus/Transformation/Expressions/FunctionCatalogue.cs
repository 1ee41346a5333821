using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>A function of the language.</summary>
/// <param name="Name">As it is typed, lower-case.</param>
/// <param name="Usage">Its call, for messages and the reference.</param>
/// <param name="Least">Fewest arguments.</param>
/// <param name="Most">Most arguments.</param>
/// <param name="Check">Types a call whose arguments are typed; null after a report.</param>
internal sealed record Function(string Name, string Usage, int Least, int Most, Func<FunctionCall, Typed?> Check);

/// <summary>All functions, by name.</summary>
internal static class FunctionCatalogue
{
    static readonly Dictionary<string, Function> Functions =
        TextFunctions.All.Concat(NumberFunctions.All).Concat(DateFunctions.All).Concat(ChoiceFunctions.All).ToDictionary(function => function.Name, StringComparer.Ordinal);

    public static IReadOnlyCollection<string> Names => Functions.Keys;

    public static Function? Find(string name) => Functions.GetValueOrDefault(name);
}

/// <summary>A call whose arguments have types, as a function's check sees it.</summary>
internal sealed class FunctionCall(TypeChecker checker, CallSyntax syntax, Function function, IReadOnlyList<Typed> arguments)
{
    public IReadOnlyList<Typed> Arguments => arguments;

    public CallSyntax Syntax => syntax;

    public int Count => arguments.Count;

    /// <summary>The argument as the wanted kind.</summary>
    public Typed? Argument(int at, Kind kind)
    {
        if (TypeChecker.As(arguments[at], kind) is { } fitting && !(kind == Kind.Timestamp && arguments[at].Kind == Kind.Date)) return fitting;
        return checker.Report(arguments[at].Syntax, $"{Capital(Kinds.Name(kind))} is needed here, this is {Kinds.Name(arguments[at].Kind)}: {function.Usage}.");
    }

    /// <summary>The text of an argument that must be a literal, because it is looked at once and not for each row.</summary>
    public string? Literal(int at)
    {
        if (arguments[at].Constant is byte[] text && arguments[at].Kind == Kind.Text) return Encoding.UTF8.GetString(text);
        checker.Report(arguments[at].Syntax, $"A text in quotes is needed here, not a computed one: {function.Usage}.");
        return null;
    }

    public Typed? Report(int at, string message) => checker.Report(arguments[at].Syntax, message);

    public Typed? ReportCall(string message) => checker.Report(syntax, message);

    public Typed Result(Kind kind, Func<Binding, Evaluator> build) => new(syntax, kind, Kinds.Type(kind), build);

    public Typed Result(Kind kind, ItemType type, Func<Binding, Evaluator> build) => new(syntax, kind, type, build);

    static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
