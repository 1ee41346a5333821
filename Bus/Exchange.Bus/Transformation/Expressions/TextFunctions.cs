using System.Text.RegularExpressions;
using Exchange.Contracts.Rows;
using Utf8 = System.ReadOnlySpan<byte>;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Functions over texts. Lengths and places count Unicode code points, from 1.</summary>
internal static class TextFunctions
{
    /// <summary>Longest regular expression; they are compiled once, but their automata grow with them.</summary>
    const int LongestPattern = 1_000;

    public static IReadOnlyList<Function> All { get; } =
    [
        new("length", "length(text)", 1, 1, Length),
        new("lower", "lower(text)", 1, 1, call => Same(call, static (text, scratch, out result) => Case(text, scratch, lower: true, out result))),
        new("upper", "upper(text)", 1, 1, call => Same(call, static (text, scratch, out result) => Case(text, scratch, lower: false, out result))),
        new("trim", "trim(text)", 1, 1, call => Same(call, static (text, _, out result) => { result = CodePoints.Trim(text); return true; })),
        new("substring", "substring(text, from, count), the first character is 1", 3, 3, Substring),
        new("left", "left(text, count)", 2, 2, call => Part(call, static (text, count, _, out result) => { result = CodePoints.Slice(text, 0, count); return true; })),
        new("right", "right(text, count)", 2, 2, call => Part(call, static (text, count, _, out result) => { result = CodePoints.Last(text, count); return true; })),
        new("concat", "concat(text, text, …)", 2, 100, Concat),
        new("replace", "replace(text, what, by)", 3, 3, Replace),
        new("matches", "matches(text, 'regular expression')", 2, 2, Matches),
        new("contains", "contains(text, part)", 2, 2, call => Search(call, static (text, part, _, out result) => { result = text.IndexOf(part) >= 0; return true; })),
        new("starts_with", "starts_with(text, beginning)", 2, 2, call => Search(call, static (text, part, _, out result) => { result = text.StartsWith(part); return true; })),
        new("ends_with", "ends_with(text, end)", 2, 2, call => Search(call, static (text, part, _, out result) => { result = text.EndsWith(part); return true; })),
        new("similarity", "similarity(text, text), from 0 to 1", 2, 2, Alike),
    ];

    static Typed? Length(FunctionCall call)
    {
        if (call.Arguments[0].Kind == Kind.Binary)
            return call.Result(Kind.Integer, CodeGenerator.Map<Utf8, long>(call.Arguments[0], static (data, _, out result) => { result = data.Length; return true; }));
        return call.Argument(0, Kind.Text) is { } text
            ? call.Result(Kind.Integer, CodeGenerator.Map<Utf8, long>(text, static (value, _, out result) => { result = CodePoints.Count(value); return true; }))
            : null;
    }

    /// <summary>A text no longer than its argument.</summary>
    static Typed? Same(FunctionCall call, Operation<Utf8, Utf8> operation) =>
        call.Argument(0, Kind.Text) is { } text ? call.Result(Kind.Text, text.Type, CodeGenerator.Map(text, operation)) : null;

    static Typed? Part(FunctionCall call, Operation<Utf8, long, Utf8> operation)
    {
        var text = call.Argument(0, Kind.Text);
        var count = call.Argument(1, Kind.Integer);
        return text is null || count is null ? null : call.Result(Kind.Text, Shorter(text.Type, count), CodeGenerator.Map(text, count, operation));
    }

    static Typed? Substring(FunctionCall call)
    {
        var text = call.Argument(0, Kind.Text);
        var from = call.Argument(1, Kind.Integer);
        var count = call.Argument(2, Kind.Integer);
        if (text is null || from is null || count is null) return null;
        return call.Result(Kind.Text, Shorter(text.Type, count), CodeGenerator.Map<Utf8, long, long, Utf8>(text, from, count, static (value, first, many, _, out result) =>
        {
            // Places before the first count as in SQL: substring('abc', 0, 2) is 'a'.
            if (first < 1) many = first <= long.MinValue + 1 ? 0 : Math.Max(0, many) + (first - 1);
            result = CodePoints.Slice(value, Math.Max(1, first) - 1, many);
            return true;
        }));
    }

    static ItemType Shorter(ItemType type, Typed count)
    {
        if (count.Constant is not long literal || literal < 1) return type;
        return type.Kind == ItemKind.String ? Kinds.TextOf(Math.Min(type.Length, literal)) : Kinds.TextOf(literal);
    }

    static Typed? Concat(FunctionCall call)
    {
        var parts = new Typed[call.Count];
        long length = 0;
        for (var at = 0; at < parts.Length; at++)
        {
            if (call.Arguments[at].Kind is not (Kind.Text or Kind.Null))
                return call.Report(at, $"concat takes texts, this is {Kinds.Name(call.Arguments[at].Kind)}: write to_text(…) around it.");
            parts[at] = call.Argument(at, Kind.Text)!;
            length = parts[at].Type.Kind == ItemKind.String && length >= 0 ? length + parts[at].Type.Length : -1;
        }

        return call.Result(Kind.Text, Kinds.TextOf(length), binding => new ConcatValue([.. parts.Select(part => CodeGenerator.Get<Utf8>(part, binding))], new Scratch(binding)));
    }

    static Typed? Replace(FunctionCall call)
    {
        var text = call.Argument(0, Kind.Text);
        var what = call.Argument(1, Kind.Text);
        var by = call.Argument(2, Kind.Text);
        if (text is null || what is null || by is null) return null;
        return call.Result(Kind.Text, CodeGenerator.Map<Utf8, Utf8, Utf8, Utf8>(text, what, by, static (value, old, fresh, scratch, out result) =>
        {
            result = value;
            if (old.IsEmpty || value.IndexOf(old) < 0) return true;
            scratch.Start();
            var rest = value;
            for (var at = rest.IndexOf(old); at >= 0; at = rest.IndexOf(old))
            {
                if (!scratch.Add(rest[..at]) || !scratch.Add(fresh)) return false;
                rest = rest[(at + old.Length)..];
            }

            var whole = scratch.Add(rest);
            result = scratch.Text;
            return whole;
        }));
    }

    static Typed? Matches(FunctionCall call)
    {
        var text = call.Argument(0, Kind.Text);
        if (call.Literal(1) is not { } pattern || text is null) return null;
        if (pattern.Length > LongestPattern) return call.Report(1, $"A regular expression has at most {LongestPattern} characters.");
        try
        {
            // Without backtracking the time grows with the text only, whatever the pattern: no row can stall the hub.
            var regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return call.Result(Kind.Boolean, CodeGenerator.Map<Utf8, bool>(text, (value, scratch, out result) =>
            {
                result = regex.IsMatch(scratch.Characters(value));
                return true;
            }));
        }
        catch (Exception refusal) when (refusal is ArgumentException or NotSupportedException)
        {
            return call.Report(1, refusal is NotSupportedException
                ? "The regular expression uses look-around, back-references or too many repetitions; these are not supported, because they can take unbounded time."
                : $"The regular expression can't be read: {refusal.Message}");
        }
    }

    static Typed? Search(FunctionCall call, Operation<Utf8, Utf8, bool> operation)
    {
        var text = call.Argument(0, Kind.Text);
        var part = call.Argument(1, Kind.Text);
        return text is null || part is null ? null : call.Result(Kind.Boolean, CodeGenerator.Map(text, part, operation));
    }

    static Typed? Alike(FunctionCall call)
    {
        var first = call.Argument(0, Kind.Text);
        var second = call.Argument(1, Kind.Text);
        if (first is null || second is null) return null;
        return call.Result(Kind.Double, CodeGenerator.Map<Utf8, Utf8, double>(first, second, static (a, b, scratch, out result) =>
        {
            result = 0;
            if (CodePoints.Count(a) > Similarity.LongestText || CodePoints.Count(b) > Similarity.LongestText) return scratch.Fail($"similarity compares texts of at most {Similarity.LongestText} characters.");
            result = Similarity.Of(a, b);
            return true;
        }));
    }

    static bool Case(Utf8 text, Scratch scratch, bool lower, out Utf8 result)
    {
        var characters = scratch.Characters(text);
        if (lower) characters.ToString().AsSpan().ToLowerInvariant(characters);
        else characters.ToString().AsSpan().ToUpperInvariant(characters);
        var whole = scratch.Set(characters);
        result = scratch.Text;
        return whole;
    }

    sealed class ConcatValue(Value<Utf8>[] parts, Scratch scratch) : Value<Utf8>
    {
        public override bool TryGet(int row, out Utf8 value)
        {
            scratch.Start();
            value = default;
            foreach (var part in parts)
                if (!part.TryGet(row, out var text) || !scratch.Add(text)) return false;
            value = scratch.Text;
            return true;
        }
    }
}
