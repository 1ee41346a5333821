namespace Exchange.Bus.Transformation.Expressions;

/// <summary>How long the token at the start of a text is; 0 when none of that sort stands there.</summary>
internal static class Lexer
{
    static readonly string[] Reserved = ["and", "or", "not", "in", "is", "null", "true", "false", "between"];

    public static bool IsReserved(ReadOnlySpan<char> name)
    {
        foreach (var word in Reserved)
            if (name.Equals(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>Letters of any script, digits and _, not beginning with a digit.</summary>
    public static int Name(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !(char.IsLetter(text[0]) || text[0] == '_' || char.IsSurrogate(text[0]))) return 0;
        var length = 1;
        while (length < text.Length && (char.IsLetterOrDigit(text[length]) || text[length] == '_' || char.IsSurrogate(text[length]))) length++;
        return length;
    }

    /// <summary>12, 0.5; the sign is an operator.</summary>
    public static int Number(ReadOnlySpan<char> text)
    {
        var length = Digits(text);
        if (length == 0) return 0;
        if (length < text.Length - 1 && text[length] == '.')
        {
            var fraction = Digits(text[(length + 1)..]);
            if (fraction > 0) length += fraction + 1;
        }

        return length;
    }

    /// <summary>'text', a quote inside doubled. A text that is not closed is none.</summary>
    public static int Text(ReadOnlySpan<char> text) => Quoted(text, '\'');

    /// <summary>"name", a quote inside doubled.</summary>
    public static int QuotedName(ReadOnlySpan<char> text) => Quoted(text, '"') is var length and > 2 ? length : 0;

    /// <summary>The text between the quotes, doubled quotes made single.</summary>
    public static string Unquote(ReadOnlySpan<char> token)
    {
        var quote = token[0].ToString();
        return token[1..^1].ToString().Replace(quote + quote, quote, StringComparison.Ordinal);
    }

    static int Quoted(ReadOnlySpan<char> text, char quote)
    {
        if (text.IsEmpty || text[0] != quote) return 0;
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] != quote) continue;
            if (at + 1 < text.Length && text[at + 1] == quote) at++;
            else return at + 1;
        }

        return 0;
    }

    static int Digits(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && char.IsAsciiDigit(text[length])) length++;
        return length;
    }
}
