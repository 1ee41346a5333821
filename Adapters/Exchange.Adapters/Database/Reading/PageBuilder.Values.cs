using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

internal sealed partial class PageBuilder
{
    /// <summary>Longest value that a fault shows, in characters.</summary>
    const int ShownCharacters = 200;

    /// <summary>Bytes that are enough to show it.</summary>
    public const int ShownBytes = ShownCharacters * 4;

    public void Null(int column) => _columns[column].AppendNull();

    public void Fault(int column, string rule, string? value, string message)
    {
        _columns[column].AppendNull();
        _faults.Add(new CellFault(Rows.Count, column, rule, Cut(value), message));
    }

    public void Text(int column, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LargestCell) TooLarge(column, utf8.Length, Shown(utf8));
        else if (utf8.Contains((byte)0)) Fault(column, "nul", Shown(utf8), "The text holds a NUL character.");
        else if (!Utf8.IsValid(utf8)) Fault(column, "encoding", Shown(utf8), "The text is not valid UTF-8.");
        else Append(column, utf8);
    }

    public void Binary(int column, ReadOnlySpan<byte> value)
    {
        if (value.Length > LargestCell) TooLarge(column, value.Length, Hexadecimal(value));
        else Append(column, value);
    }

    /// <summary>A cell that was not read whole.</summary>
    public void TooLarge(int column, long length, ReadOnlySpan<byte> beginning) =>
        TooLarge(column, length, _shapes[column].Type.Kind == ItemKind.Binary ? Hexadecimal(beginning) : Shown(beginning));

    public void Number(int column, long value)
    {
        if (_shapes[column].Type.Kind == ItemKind.Int32 && value is (< int.MinValue or > int.MaxValue))
        {
            Fault(column, "range", value.ToString(CultureInfo.InvariantCulture), "The number is out of the range of int32.");
            return;
        }

        ((LongColumn)_columns[column]).Append(value);
        // Contents that are read apart take their share of a page all the same.
        _read += _shapes[column].Part == CellPart.Size ? value : sizeof(long);
    }

    public void Flag(int column, long value)
    {
        if (value is 0 or 1) Number(column, value);
        else Fault(column, "range", value.ToString(CultureInfo.InvariantCulture), "A boolean is 0 or 1. A column that counts is read through a query that casts it, or declared with another type.");
    }

    public void Real(int column, double value)
    {
        if (!double.IsFinite(value))
        {
            Fault(column, "not-finite", value.ToString(CultureInfo.InvariantCulture), "The number is not finite.");
            return;
        }

        ((DoubleColumn)_columns[column]).Append(value);
        _read += sizeof(double);
    }

    /// <summary>Single precision as its shortest text says it: 0.1 stays 0.1.</summary>
    public void Real(int column, float value) => Real(column, float.IsFinite(value) ? double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value);

    public void Decimal(int column, decimal value)
    {
        ((DecimalColumn)_columns[column]).Append(value);
        _read += sizeof(decimal);
    }

    public void Decimal(int column, ReadOnlySpan<byte> text)
    {
        var rule = ExactDecimal.TryParse(text, out var value);
        if (rule is null) Decimal(column, value);
        else Fault(column, rule, Shown(text), rule switch
        {
            "not-finite" => "The number is not finite.",
            "range" => $"The number has more digits than the {ItemType.LargestPrecision} that a decimal holds.",
            _ => "The value is not a decimal number.",
        });
    }

    /// <summary>Days since 1970.</summary>
    public void Date(int column, long days)
    {
        if (days < Temporal.SmallestDay || days > Temporal.LargestDay) Fault(column, "range", Temporal.FarDateText(days), "The date is out of 0001-01-01 … 9999-12-31.");
        else Number(column, days);
    }

    /// <summary>Microseconds since 1970 UTC.</summary>
    public void Instant(int column, long microseconds)
    {
        if (microseconds < Temporal.SmallestMicrosecond || microseconds > Temporal.LargestMicrosecond) FarTime(column, DayOf(microseconds));
        else Number(column, microseconds);
    }

    /// <summary>A time of a day that no item holds, in days since 1970.</summary>
    public void FarTime(int column, long days) => Fault(column, "range", Temporal.FarDateText(days), "The time is out of the years 0001 … 9999.");

    /// <summary>Microseconds since 1970 of a wall clock in the connection's zone.</summary>
    public void Wall(int column, long microseconds)
    {
        if (microseconds < Temporal.SmallestMicrosecond || microseconds > Temporal.LargestMicrosecond)
        {
            Instant(column, microseconds);
            return;
        }

        var rule = _local.TryInstant(microseconds, out var instant);
        if (rule is null) Number(column, instant);
        else Fault(column, rule, LocalTime.Text(microseconds), rule == "range" ? "The time is out of the years 0001 … 9999." : "The local time does not exist in the connection's time zone.");
    }

    public static string Shown(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, ShownBytes)]).Replace("\0", "\\0", StringComparison.Ordinal);

    static string Hexadecimal(ReadOnlySpan<byte> value) => Convert.ToHexStringLower(value[..Math.Min(value.Length, ShownCharacters / 2)]);

    /// <summary>Rounded down, before 1970 too; exactly, as a double would not be so far away.</summary>
    static long DayOf(long microseconds) => (microseconds / Temporal.DayMicroseconds) - (microseconds % Temporal.DayMicroseconds < 0 ? 1 : 0);

    static string? Cut(string? value)
    {
        if (value is null || value.Length <= ShownCharacters) return value;
        return value[..(char.IsHighSurrogate(value[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters)];
    }

    void TooLarge(int column, long length, string shown) =>
        Fault(column, "size", shown, string.Create(CultureInfo.InvariantCulture, $"The cell has {length} bytes; the limit is {LargestCell}. Larger things are attachments."));

    void Append(int column, ReadOnlySpan<byte> value)
    {
        ((BytesColumn)_columns[column]).Append(value);
        _read += value.Length;
    }
}
