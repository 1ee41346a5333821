using System.Text;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>
/// A format that dates and times are read by, such as <c>yyyyMMdd</c> or <c>yyyy/MM/dd HH:mm:ss</c>. Fields: yyyy, MM or M, dd or d, HH or H,
/// mm, ss, fff or ffffff; a two-letter field is exactly two digits, a one-letter field one or two. Everything else stands for itself; letters of
/// the Latin alphabet but T need single quotes. Only real dates and times fit. Immutable.
/// </summary>
internal sealed class DateFormat
{
    readonly IReadOnlyList<Part> _parts;

    DateFormat(string text, IReadOnlyList<Part> parts)
    {
        Text = text;
        _parts = parts;
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>Whether it reads a time of day.</summary>
    public bool HasTime => _parts.Any(part => part.Field == 'H');

    /// <summary>Whether a name in `normalize` is meant as a date format and not as a step.</summary>
    public static bool LooksLikeOne(string text) => text.Contains('y', StringComparison.Ordinal) && text.Contains('d', StringComparison.Ordinal);

    /// <returns>Null, or what is wrong with the format.</returns>
    public static string? Parse(string text, out DateFormat? format)
    {
        format = null;
        var parts = new List<Part>();
        for (var at = 0; at < text.Length;)
        {
            var problem = ReadPart(text, ref at, parts);
            if (problem is not null) return problem;
        }

        foreach (var field in "yMd")
            if (parts.Count(part => part.Field == field) != 1)
                return $"the date format '{text}' needs year (yyyy), month (MM) and day (dd), each once";
        if (parts.Where(part => part.Field != '\0').GroupBy(part => part.Field).Any(group => group.Count() > 1))
            return $"the date format '{text}' names a field twice";
        if (!TimeIsWhole(parts)) return $"the date format '{text}' skips a part of the time: minutes need hours, seconds minutes, fractions seconds";
        for (var at = 1; at < parts.Count; at++)
            if (parts[at].Field != '\0' && parts[at - 1].Field != '\0' && (parts[at].Least != parts[at].Most || parts[at - 1].Least != parts[at - 1].Most))
                return $"the date format '{text}' is ambiguous: a field of one or two digits needs a separator on both sides";
        format = new DateFormat(text, parts);
        return null;
    }

    /// <summary>Whether some text could be read by both with different meaning.</summary>
    public bool IsAmbiguousWith(DateFormat other)
    {
        if (_parts.Select(part => part.Field).Where(field => field != '\0').SequenceEqual(other._parts.Select(part => part.Field).Where(field => field != '\0'))) return false;
        var mine = Shape();
        var theirs = other.Shape();
        if (mine.Count != theirs.Count) return false;
        return mine.Zip(theirs).All(pair => pair.First.Literal == pair.Second.Literal && pair.First.Least <= pair.Second.Most && pair.Second.Least <= pair.First.Most);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="local">Microseconds since 1970-01-01T00:00:00 by the writer's clock.</param>
    public bool TryRead(ReadOnlySpan<byte> text, out long local)
    {
        local = 0;
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0, at = 0;
        foreach (var part in _parts)
        {
            if (part.Field == '\0')
            {
                if (!text[at..].StartsWith(part.Literal)) return false;
                at += part.Literal.Length;
                continue;
            }

            var digits = Digits(text[at..], part.Most, out var value);
            if (digits < part.Least) return false;
            at += digits;
            switch (part.Field)
            {
                case 'y': year = value; break;
                case 'M': month = value; break;
                case 'd': day = value; break;
                case 'H': hour = value; break;
                case 'm': minute = value; break;
                case 's': second = value; break;
                default: micro = part.Most == 3 ? value * 1000 : value; break;
            }
        }

        return at == text.Length && IsoTime.Compose(year, month, day, hour, minute, second, micro, out local);
    }

    public override string ToString() => Text;

    /// <summary>Literals, and runs of neighbouring fields as a range of digits: what texts that fit look like.</summary>
    List<(string Literal, int Least, int Most)> Shape()
    {
        var shape = new List<(string Literal, int Least, int Most)>();
        foreach (var part in _parts)
        {
            if (part.Field == '\0') shape.Add((Encoding.UTF8.GetString(part.Literal), 0, 0));
            else if (shape.Count > 0 && shape[^1].Literal.Length == 0) shape[^1] = ("", shape[^1].Least + part.Least, shape[^1].Most + part.Most);
            else shape.Add(("", part.Least, part.Most));
        }

        return shape;
    }

    static bool TimeIsWhole(List<Part> parts)
    {
        var present = "Hmsf".Select(field => parts.Any(part => part.Field == field)).ToArray();
        for (var at = 1; at < present.Length; at++)
            if (present[at] && !present[at - 1]) return false;
        return true;
    }

    static string? ReadPart(string text, ref int at, List<Part> parts)
    {
        var letter = text[at];
        var run = 1;
        while (at + run < text.Length && text[at + run] == letter) run++;
        if ("yMdHmsf".Contains(letter, StringComparison.Ordinal))
        {
            at += run;
            (int Least, int Most)? width = (letter, run) switch
            {
                ('y', 4) => (4, 4),
                ('M' or 'd' or 'H' or 'm' or 's', 2) => (2, 2),
                ('M' or 'd' or 'H', 1) => (1, 2),
                ('f', 3 or 6) => (run, run),
                _ => null,
            };
            if (width is not { } known) return $"the date format '{text}' has an unknown field '{new string(letter, run)}'; the fields are yyyy, MM, M, dd, d, HH, H, mm, ss, fff, ffffff";
            parts.Add(new Part(letter, [], known.Least, known.Most));
            return null;
        }

        if (letter == '\'')
        {
            var end = text.IndexOf('\'', at + 1);
            if (end < 0) return $"the date format '{text}' lacks a closing quote";
            AddLiteral(parts, text[(at + 1)..end]);
            at = end + 1;
            return null;
        }

        if (char.IsAsciiDigit(letter) || (char.IsAsciiLetter(letter) && letter is not ('T' or 'Z')))
            return $"the date format '{text}' holds '{letter}'; letters that stand for themselves need single quotes";
        if (letter == 'Z') return $"the date format '{text}' names a zone; texts with a zone are read as ISO 8601 without any format";
        var length = char.IsHighSurrogate(letter) && at + 1 < text.Length ? 2 : 1;
        AddLiteral(parts, text.Substring(at, length));
        at += length;
        return null;
    }

    static void AddLiteral(List<Part> parts, string literal)
    {
        if (parts.Count > 0 && parts[^1].Field == '\0') literal = Encoding.UTF8.GetString(parts[^1].Literal) + literal;
        if (parts.Count > 0 && parts[^1].Field == '\0') parts.RemoveAt(parts.Count - 1);
        if (literal.Length > 0) parts.Add(new Part('\0', Encoding.UTF8.GetBytes(literal), 0, 0));
    }

    static int Digits(ReadOnlySpan<byte> text, int most, out int value)
    {
        value = 0;
        var count = 0;
        while (count < most && count < text.Length && text[count] is >= (byte)'0' and <= (byte)'9') value = (value * 10) + text[count++] - '0';
        return count;
    }

    sealed record Part(char Field, byte[] Literal, int Least, int Most);
}
