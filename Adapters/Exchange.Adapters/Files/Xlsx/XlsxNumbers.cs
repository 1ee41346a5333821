using System.Globalization;

namespace Exchange.Adapters.Files.Xlsx;

/// <summary>How a number of a workbook is shown.</summary>
internal enum NumberForm : byte
{
    Number,
    Date,
    Time,
}

/// <summary>Numbers of a workbook as text: what Excel shows a person, not what a double holds. Dates are days since a year, 1900 or 1904.</summary>
internal static class XlsxNumbers
{
    /// <summary>Digits that Excel shows, and keeps of what is typed.</summary>
    const int ShownDigits = 15;

    const long DayMilliseconds = 86_400_000;

    /// <summary>9999-12-31.</summary>
    const double LargestDay = 2_958_466;

    /// <summary>The forms that have a number and no text in a workbook: ECMA-376 part 1, §18.8.30, those of Chinese, Japanese and Korean included.</summary>
    public static NumberForm BuiltIn(int id) => id switch
    {
        >= 14 and <= 17 or 22 or >= 27 and <= 31 or 36 or >= 50 and <= 54 or 57 or 58 => NumberForm.Date,
        >= 18 and <= 21 or >= 32 and <= 35 or 45 or 47 or 55 or 56 => NumberForm.Time,
        _ => NumberForm.Number,
    };

    /// <summary>What a format such as `yyyy"年"m"月"d"日"` or `#,##0.00` shows. Elapsed time (`[h]:mm`) stays a number of days.</summary>
    public static NumberForm FormOf(string format)
    {
        var (year, month, time) = (false, false, false);
        for (var at = 0; at < format.Length && format[at] != ';'; at++)
        {
            switch (format[at])
            {
                case '"': at = End(format, '"', at + 1); break;
                case '\\' or '_' or '*': at++; break;
                case '[':
                    var end = End(format, ']', at + 1);
                    if (format.AsSpan(at + 1, Math.Max(0, end - at - 1)).Trim("hHmMsS") is "") return NumberForm.Number;
                    at = end;
                    break;
                case 'A' or 'a' when format.AsSpan(at).StartsWith("AM/PM", StringComparison.OrdinalIgnoreCase): (time, at) = (true, at + 4); break;
                case 'y' or 'Y' or 'd' or 'D': year = true; break;
                case 'm' or 'M': month = true; break;
                case 'h' or 'H' or 's' or 'S': time = true; break;
                case 'G' or 'g' when format.AsSpan(at).StartsWith("General", StringComparison.OrdinalIgnoreCase): at += 6; break;
            }
        }

        return year || (month && !time) ? NumberForm.Date : time ? NumberForm.Time : NumberForm.Number;
    }

    /// <summary>Digits, a minus sign, a point: no exponent where it can be helped, no zeros behind the last digit that counts.</summary>
    /// <returns>Null: it is no number.</returns>
    public static string? Number(ReadOnlySpan<char> written)
    {
        written = written.Trim();
        if (IsPlain(written, out var digits, out var point) && (digits <= ShownDigits || !point))
        {
            var plain = point ? written.TrimEnd('0').TrimEnd('.') : written;
            return plain is "-0" or "" or "-" ? "0" : plain.ToString();
        }

        if (!double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value)) return null;
        var shown = value.ToString("G15", CultureInfo.InvariantCulture);
        // decimal writes its digits out; what it has no room for keeps the exponent.
        return decimal.TryParse(shown, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && exact.ToString("G29", CultureInfo.InvariantCulture) is var text && double.Parse(text, CultureInfo.InvariantCulture) == double.Parse(shown, CultureInfo.InvariantCulture)
            ? decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
            : shown;
    }

    /// <summary>yyyy-MM-dd, with THH:mm:ss[.fff] when there is a time of day; HH:mm:ss for a time without a day.</summary>
    /// <param name="written">Days since the beginning.</param>
    /// <param name="form">Date or time.</param>
    /// <param name="since1904">The beginning is 1904-01-01, else 1900 with a 29th of February that never was.</param>
    /// <param name="problem">Why there is none, when the answer is null.</param>
    public static string? Day(ReadOnlySpan<char> written, NumberForm form, bool since1904, out string problem)
    {
        problem = "is no number";
        if (!double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var serial) || !double.IsFinite(serial)) return null;
        problem = "is shown as a date and lies outside of the years that Excel has";
        if (serial < 0 || serial >= LargestDay) return null;
        var milliseconds = (long)Math.Round(serial * DayMilliseconds);
        var (day, rest) = Math.DivRem(milliseconds, DayMilliseconds);
        var time = new TimeOnly(rest * TimeSpan.TicksPerMillisecond).ToString(rest % 1000 == 0 ? "HH:mm:ss" : "HH:mm:ss.fff", CultureInfo.InvariantCulture);
        if (day == 0 && form == NumberForm.Time) return time;
        if (!since1904 && day is (0 or 60))
        {
            problem = day == 0 ? "is shown as a date and is none: Excel's first day is 1" : "is 1900-02-29, a day that never was";
            return null;
        }

        var date = since1904 ? new DateOnly(1904, 1, 1).DayNumber + day : new DateOnly(1899, 12, 30).DayNumber + day + (day < 60 ? 1 : 0);
        if (date > DateOnly.MaxValue.DayNumber) return null;
        var text = DateOnly.FromDayNumber((int)date).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return rest == 0 ? text : $"{text}T{time}";
    }

    static int End(string format, char mark, int from) => format.IndexOf(mark, from) is var at and >= 0 ? at : format.Length;

    /// <summary>Whether it is digits with at most one point, and how many of them count.</summary>
    static bool IsPlain(ReadOnlySpan<char> text, out int digits, out bool point)
    {
        (digits, point) = (0, false);
        if (text is ['-', ..]) text = text[1..];
        if (text is [] or ['.', ..]) return false;
        var whole = point;
        foreach (var letter in text)
        {
            if (letter == '.' && !point) point = true;
            else if (!char.IsAsciiDigit(letter)) return false;
            else if (digits > 0 || letter != '0') digits++;
        }

        if (!whole && point) digits -= text.Length - text.TrimEnd('0').Length;
        return true;
    }
}
