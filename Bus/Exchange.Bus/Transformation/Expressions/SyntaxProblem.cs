namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Turns a place that can't be read into a problem that names the cure for the usual slips of people who know SQL, C# or a spreadsheet.</summary>
internal static class SyntaxProblem
{
    static readonly (string Written, string Cure)[] Slips =
    [
        ("=>", "Greater or equal is written >=."),
        ("=<", "Less or equal is written <=."),
        ("<>", "Inequality is written !=."),
        ("===", "Equality is written ==."),
        ("==", "Comparisons do not chain; join two with and."),
        ("!=", "Comparisons do not chain; join two with and."),
        ("=", "Equality is written ==."),
        ("&&", "This is written and."),
        ("||", "Conditions are joined by or, texts by concat(a, b)."),
        ("!", "This is written not."),
        ("<", "Comparisons do not chain; join two with and."),
        (">", "Comparisons do not chain; join two with and."),
        ("%", "There is no operator %."),
        ("^", "There is no operator ^."),
        ("'", "The text is not closed: a ' is missing (a ' inside a text is doubled)."),
        ("\"", "The name is not closed: a \" is missing, or it is empty; texts stand in single quotes."),
        ("“", "Texts stand in straight single quotes: 'text'."),
        ("‘", "Texts stand in straight single quotes: 'text'."),
        ("”", "Texts stand in straight single quotes: 'text'."),
        ("’", "Texts stand in straight single quotes: 'text'."),
        ("（", "Parentheses are the half-width ( and )."),
        ("）", "Parentheses are the half-width ( and )."),
        ("，", "Arguments are parted by the half-width comma."),
        (";", "One expression is expected, without a semicolon."),
    ];

    public static ExpressionProblem At(string text, int offset, string message)
    {
        while (offset < text.Length && char.IsWhiteSpace(text[offset])) offset++;
        var rest = text.AsSpan(offset);
        if (rest.IsEmpty) return new ExpressionProblem(text.Length, 1, message.Contains("end of the expression", StringComparison.Ordinal) ? message : $"{message} The expression ends too early.");
        if (offset > 0 && text[offset - 1] == '<' && rest[0] == '>') return new ExpressionProblem(offset - 1, 2, "Inequality is written !=.");
        foreach (var (written, cure) in Slips)
            if (rest.StartsWith(written, StringComparison.Ordinal))
                return new ExpressionProblem(offset, written.Length, cure);
        var length = Math.Max(Lexer.Name(rest), Lexer.Number(rest));
        if (length > 0 && Lexer.IsReserved(rest[..length])) message += $" '{rest[..length]}' is a word of the language; an item of that name stands in double quotes.";
        return new ExpressionProblem(offset, Math.Max(1, length), message);
    }
}
