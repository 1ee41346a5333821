using Parlot;
using Parlot.Fluent;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>
/// Text → <see cref="Syntax"/>, on Parlot. One token decides every choice, so a missing value is an error where it is missing and
/// nothing is read twice. Loosest first:
/// <code>
/// expression  = conjunction { "or" conjunction }
/// conjunction = negation { "and" negation }
/// negation    = "not" negation | comparison
/// comparison  = sum [ ("==" | "!=" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=") sum | ["not"] "in" "(" list ")" | ["not"] "between" sum "and" sum | "is" ["not"] "null" ]
/// sum         = product { ("+" | "-") product }
/// product     = sign { ("*" | "/") sign }
/// sign        = "-" sign | value
/// value       = number | text | "date" text | "timestamp" text | "true" | "false" | "null" | name [ "(" [list] ")" ] | "(" expression ")"
/// </code>
/// Safe for concurrent callers.
/// </summary>
internal static class ExpressionGrammar
{
    /// <summary>Longest expression in characters: ten times what people write, and little enough that hostile text costs nothing.</summary>
    public const int LongestText = 10_000;

    /// <summary>Deepest nesting of the tree; every later step recurses over it.</summary>
    public const int DeepestTree = 200;

    /// <summary>Deepest recursion of the parser; a pair of parentheses takes three levels.</summary>
    const int DeepestParse = 300;

    const string TooDeep = "The expression is nested too deeply; write lists of values with in (…), and parts as rules or items of their own.";

    static readonly Parser<Syntax> Whole = Build();

    /// <summary>The expression's tree, or the first place where it can't be read.</summary>
    public static Syntax? Parse(string text, out ExpressionProblem? problem)
    {
        problem = null;
        if (text.Length > LongestText)
        {
            problem = new ExpressionProblem(LongestText, 1, $"The expression has {text.Length} characters; at most {LongestText} are read.");
            return null;
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            problem = new ExpressionProblem(0, 1, "The expression is empty.");
            return null;
        }

        var context = new ParseContext(new Scanner(text), DeepestParse, false, false, CancellationToken.None);
        if (!Whole.TryParse(context, out var tree, out var error) || tree is null)
        {
            problem = error is null || error.Message is null || error.Message.Contains("recurs", StringComparison.OrdinalIgnoreCase)
                ? new ExpressionProblem(0, 1, TooDeep)
                : SyntaxProblem.At(text, error.Position.Offset, error.Message);
            return null;
        }

        var end = context.Scanner.Cursor.Offset;
        if (!text.AsSpan(end).IsWhiteSpace()) problem = SyntaxProblem.At(text, end, "An operator or the end of the expression is expected here.");
        else if (tree.Depth > DeepestTree) problem = new ExpressionProblem(0, 1, TooDeep);
        return problem is null ? tree : null;
    }

    static Parser<Syntax> Build()
    {
        var expression = Deferred<Syntax>();
        var sum = Arithmetic(Sign(Value(expression)));
        var negation = Deferred<Syntax>();
        negation.Parser = Word("not").And(negation).Then<Syntax>(pair => new NotSyntax(pair.Item1.Start, pair.Item2)).Or(Comparison(sum, expression));
        expression.Parser = Chain("or", false, Chain("and", true, negation));
        return expression;
    }

    static Parser<Syntax> Chain(string word, bool and, Parser<Syntax> operand) =>
        operand.And(ZeroOrMany(Word(word).SkipAnd(operand)))
            .Then(pair => pair.Item2.Count == 0 ? pair.Item1 : new LogicalSyntax(and, [pair.Item1, .. pair.Item2]));

    static Parser<Syntax> Arithmetic(Parser<Syntax> operand)
    {
        var product = operand.LeftAssociative([Symbol("*"), Symbol("/")], static (left, right, sign) => Join(left, right, sign));
        return product.LeftAssociative([Symbol("+"), Symbol("-")], static (left, right, sign) => Join(left, right, sign));
    }

    static ArithmeticSyntax Join(Syntax left, Syntax right, Token sign) => new ArithmeticSyntax(sign.Text[0], sign.Start, left, right);

    static Parser<Syntax> Sign(Parser<Syntax> value)
    {
        var sign = Deferred<Syntax>();
        sign.Parser = Symbol("-").And(sign).Then<Syntax>(pair => new NegateSyntax(pair.Item1.Start, pair.Item2)).Or(value);
        return sign;
    }

    static Parser<Syntax> Comparison(Parser<Syntax> sum, Parser<Syntax> expression)
    {
        var list = Required("(", "'(' is expected: in takes a list, as in result in ('1', '2').").SkipAnd(Separated(Terms.Char(','), expression)).And(Close());
        var operators = OneOf(Symbol("=="), Symbol("!="), Symbol("<="), Symbol(">="), Symbol("<"), Symbol(">"));
        var compare = operators.And(sum).Then(pair => new Tail(left => new ComparisonSyntax(pair.Item1.Text, pair.Item1.Start, left, pair.Item2)));
        var within = Word("in").SkipAnd(list).Then(pair => new Tail(left => new InSyntax(left, [.. pair.Item1], false, pair.Item2.End)));
        var limits = sum.AndSkip(Word("and").ElseError("'and' is expected: between takes two limits, as in fine between 0 and 100.")).And(sum);
        var between = Word("between").SkipAnd(limits).Then(pair => new Tail(left => new BetweenSyntax(left, pair.Item1, pair.Item2, false)));
        var negated = Word("not").SkipAnd(OneOf(within, between).ElseError("'in' or 'between' is expected after 'not'.")).Then(tail => new Tail(left => Negate(tail.Apply(left))));
        var no = Word("not").Then(true).SkipAnd(Word("null").ElseError("'null' is expected.").Then(end => (true, end.End)));
        var isNull = Word("is").SkipAnd(no.Or(Word("null").Then(end => (false, end.End))).ElseError("'null' or 'not null' is expected after 'is'."))
            .Then(found => new Tail(left => new IsNullSyntax(left, found.Item1, found.Item2)));
        return sum.And(OneOf(compare, within, between, negated, isNull).Then(tail => (Tail?)tail).Else((Tail?)null))
            .Then(pair => pair.Item2 is null ? pair.Item1 : pair.Item2.Apply(pair.Item1));
    }

    static Syntax Negate(Syntax found) => found switch
    {
        InSyntax within => within with { Negated = true },
        BetweenSyntax between => between with { Negated = true },
        _ => throw new InvalidOperationException("Only in and between are negated from within."),
    };

    static Parser<Syntax> Value(Parser<Syntax> expression)
    {
        var number = Terms.Scan(Lexer.Number).Then<Syntax>(static (_, start, end, span) => new NumberSyntax(end - span.Length, end, span.ToString()));
        var quoted = Terms.Scan(Lexer.Text).Then(static (_, start, end, span) => new TextSyntax(end - span.Length, end, Lexer.Unquote(span.Span)));
        var moment = OneOf(Moment("date", quoted), Moment("timestamp", quoted));
        var constant = OneOf(
            Word("true").Then<Syntax>(word => new BooleanSyntax(word.Start, word.End, true)),
            Word("false").Then<Syntax>(word => new BooleanSyntax(word.Start, word.End, false)),
            Word("null").Then<Syntax>(word => new NullSyntax(word.Start, word.End)));
        var arguments = Terms.Char('(').SkipAnd(OneOf(
            Terms.Char(')').Then((_, start, end, _) => (Arguments: (IReadOnlyList<Syntax>)[], End: end)),
            Separated(Terms.Char(','), expression).And(Close()).Then(pair => ((IReadOnlyList<Syntax>)[.. pair.Item1], pair.Item2.End))));
        var name = Terms.Scan(Lexer.Name).When(static (_, span) => !Lexer.IsReserved(span.Span))
            .Then(static (_, start, end, span) => new Token(span.ToString(), end - span.Length, end));
        var named = name.And(arguments.Then<(IReadOnlyList<Syntax> Arguments, int End)?>(found => found).Else(((IReadOnlyList<Syntax> Arguments, int End)?)null))
            .Then<Syntax>(pair => pair.Item2 is { } call
                ? new CallSyntax(pair.Item1.Start, call.End, pair.Item1.Text, call.Arguments)
                : new ItemSyntax(pair.Item1.Start, pair.Item1.End, pair.Item1.Text));
        var odd = Terms.Scan(Lexer.QuotedName).Then<Syntax>(static (_, start, end, span) => new ItemSyntax(end - span.Length, end, Lexer.Unquote(span.Span)));
        var group = Terms.Char('(').SkipAnd(expression).AndSkip(Close());
        return OneOf(number, quoted.Then<Syntax>(text => text), moment, constant, named, odd, group)
            .ElseError("A value is expected here: an item, a number, a 'text', date '…', a function or '('.");
    }

    /// <summary>date and timestamp are words of the language only where a text follows, so that items may have these names.</summary>
    static Parser<Syntax> Moment(string word, Parser<TextSyntax> quoted) =>
        Word(word).And(quoted).Then<Syntax>(pair => new MomentSyntax(pair.Item1.Start, pair.Item2.End, pair.Item2.Text, word == "timestamp"));

    static Parser<Token> Word(string word) =>
        Terms.Scan(Lexer.Name).When((_, span) => span.Span.Equals(word, StringComparison.OrdinalIgnoreCase))
            .Then(static (_, start, end, span) => new Token(span.ToString(), end - span.Length, end));

    static Parser<Token> Symbol(string symbol) =>
        Terms.Text(symbol).Then((_, start, end, _) => new Token(symbol, end - symbol.Length, end));

    static Parser<Token> Required(string symbol, string message) => Symbol(symbol).ElseError(message);

    static Parser<Token> Close() => Required(")", "')' or ',' is expected here.");

    readonly record struct Token(string Text, int Start, int End);

    /// <summary>What follows the left operand of a comparison.</summary>
    sealed record Tail(Func<Syntax, Syntax> Apply);
}
