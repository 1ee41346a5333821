using System.Globalization;
using System.Text;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>Appends one value in the target's type, or says why it cannot be had. The value is not null.</summary>
internal delegate CellProblem? CellConversion(Column source, int row, Column target);

/// <summary>How texts of dates and times are read for one item.</summary>
/// <param name="Formats">Tried in order after ISO 8601.</param>
/// <param name="Zone">The zone of times without an offset.</param>
internal sealed record TimeReading(IReadOnlyList<DateFormat> Formats, TimeZoneInfo Zone);

/// <summary>
/// From the natural type of a source column to another kind: without loss or not at all (the table stands in docs/reference/quality.md).
/// Conversions within one kind are in <see cref="ItemConversion"/>.
/// </summary>
internal static class CellConversions
{
    /// <summary>Null: no value of the one kind is a value of the other.</summary>
    public static CellConversion? Choose(ItemKind from, ItemType to, TimeReading reading) => from switch
    {
        ItemKind.String or ItemKind.Text => FromText(to, reading),
        ItemKind.Int32 or ItemKind.Int64 => FromWhole(to),
        ItemKind.Decimal => FromDecimal(to),
        ItemKind.Double => FromDouble(to),
        ItemKind.Boolean when to.Kind is ItemKind.Int32 or ItemKind.Int64 => (source, row, target) => Put(target, Long(source, row)),
        ItemKind.Boolean when to.Kind == ItemKind.Decimal => (source, row, target) => PutDecimal(target, Long(source, row), to),
        ItemKind.Date when to.Kind == ItemKind.Timestamp => (source, row, target) => PutLocal(target, Long(source, row) * Temporal.DayMicroseconds, reading.Zone),
        ItemKind.Timestamp when to.Kind == ItemKind.Date => (source, row, target) => PutDay(target, LocalTime.FromInstant(Long(source, row), reading.Zone), reading.Zone),
        _ => null,
    };

    /// <summary>The canonical text of a value that is no text, for text items and for date formats over numbers (20260701).</summary>
    public static BytesColumn ToText(Column source)
    {
        var target = new BytesColumn(source.Name, new ItemType(ItemKind.Text), source.Count);
        for (var row = 0; row < source.Count; row++)
        {
            if (source.TextAt(row) is { } text) target.Append(text);
            else target.AppendNull();
        }

        return target;
    }

    static CellConversion? FromText(ItemType to, TimeReading reading) => to.Kind switch
    {
        ItemKind.Int32 => (source, row, target) => TextNumbers.Whole(Bytes(source, row), int.MinValue, int.MaxValue, out var value) ?? Put(target, value),
        ItemKind.Int64 => (source, row, target) => TextNumbers.Whole(Bytes(source, row), long.MinValue, long.MaxValue, out var value) ?? Put(target, value),
        ItemKind.Decimal => (source, row, target) =>
        {
            if (TextNumbers.Decimal(Bytes(source, row), to, out var value) is { } problem) return problem;
            ((DecimalColumn)target).Append(value);
            return null;
        },
        ItemKind.Double => (source, row, target) =>
        {
            if (TextNumbers.Double(Bytes(source, row), out var value) is { } problem) return problem;
            ((DoubleColumn)target).Append(value);
            return null;
        },
        ItemKind.Boolean => (source, row, target) => TextToBoolean(Bytes(source, row), target),
        ItemKind.Date => (source, row, target) => TextToDate(Bytes(source, row), target, reading),
        ItemKind.Timestamp => (source, row, target) => TextToTimestamp(Bytes(source, row), target, reading),
        ItemKind.Binary => (source, row, target) => TextToBinary(Bytes(source, row), (BytesColumn)target),
        _ => null,
    };

    static CellConversion? FromWhole(ItemType to) => to.Kind switch
    {
        ItemKind.Decimal => (source, row, target) => PutDecimal(target, Long(source, row), to),
        ItemKind.Double => (source, row, target) => WholeToDouble(Long(source, row), (DoubleColumn)target),
        ItemKind.Boolean => (source, row, target) => Long(source, row) is 0 or 1 ? Put(target, Long(source, row)) : NoBoolean,
        _ => null,
    };

    static CellConversion? FromDecimal(ItemType to) => to.Kind switch
    {
        ItemKind.Int32 => (source, row, target) => DecimalToWhole(((DecimalColumn)source)[row], int.MinValue, int.MaxValue, target),
        ItemKind.Int64 => (source, row, target) => DecimalToWhole(((DecimalColumn)source)[row], long.MinValue, long.MaxValue, target),
        ItemKind.Double => (source, row, target) => DecimalToDouble(((DecimalColumn)source)[row], (DoubleColumn)target),
        ItemKind.Boolean => (source, row, target) => ((DecimalColumn)source)[row] is 0 or 1 ? Put(target, (long)((DecimalColumn)source)[row]) : NoBoolean,
        _ => null,
    };

    static CellConversion? FromDouble(ItemType to) => to.Kind switch
    {
        ItemKind.Int32 => (source, row, target) => DoubleToWhole(((DoubleColumn)source)[row], int.MinValue, int.MaxValue, target),
        ItemKind.Int64 => (source, row, target) => DoubleToWhole(((DoubleColumn)source)[row], long.MinValue, long.MaxValue, target),
        ItemKind.Decimal => (source, row, target) => DoubleToDecimal(((DoubleColumn)source)[row], (DecimalColumn)target, to),
        _ => null,
    };

    static CellProblem NoBoolean => CellProblem.Type("is not a boolean (true or false, 1 or 0)");

    static CellProblem? TextToBoolean(ReadOnlySpan<byte> text, Column target)
    {
        if (text.SequenceEqual("1"u8) || Ascii.EqualsIgnoreCase(text, "true"u8)) return Put(target, 1);
        if (text.SequenceEqual("0"u8) || Ascii.EqualsIgnoreCase(text, "false"u8)) return Put(target, 0);
        return NoBoolean;
    }

    static CellProblem? TextToDate(ReadOnlySpan<byte> text, Column target, TimeReading reading)
    {
        if (IsoTime.TryDate(text, out var days)) return Put(target, days);
        foreach (var format in reading.Formats)
            if (format.TryRead(text, out var local))
                return local % Temporal.DayMicroseconds == 0 ? Put(target, local / Temporal.DayMicroseconds) : NotMidnight("");
        return CellProblem.Type($"is not a date in the form yyyy-MM-dd{Others(reading)}");
    }

    static CellProblem? TextToTimestamp(ReadOnlySpan<byte> text, Column target, TimeReading reading)
    {
        if (IsoTime.TryTime(text, out var local, out var offset))
            return offset is null ? PutLocal(target, local, reading.Zone) : LocalTime.Shift(local, offset.Value, out var instant) ?? Put(target, instant);
        if (IsoTime.TryDate(text, out var days)) return PutLocal(target, days * Temporal.DayMicroseconds, reading.Zone);
        foreach (var format in reading.Formats)
            if (format.TryRead(text, out local))
                return PutLocal(target, local, reading.Zone);
        return CellProblem.Type($"is not a timestamp in the form yyyy-MM-ddTHH:mm:ss, with at most six digits of fraction and Z or an offset such as +08:00{Others(reading)}");
    }

    static CellProblem? TextToBinary(ReadOnlySpan<byte> text, BytesColumn target)
    {
        if (text.Length % 2 != 0 || !Ascii.IsValid(text)) return NoHexadecimal;
        var bytes = new byte[text.Length / 2];
        for (var at = 0; at < bytes.Length; at++)
        {
            var (high, low) = (HexDigit(text[at * 2]), HexDigit(text[(at * 2) + 1]));
            if (high < 0 || low < 0) return NoHexadecimal;
            bytes[at] = (byte)((high << 4) | low);
        }

        target.Append(bytes);
        return null;
    }

    static CellProblem NoHexadecimal => CellProblem.Type("is not binary data written in pairs of hexadecimal digits");

    static int HexDigit(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    static CellProblem? WholeToDouble(long value, DoubleColumn target)
    {
        if ((Int128)(double)value != value) return CellProblem.Type("has more digits than a double holds exactly");
        target.Append(value);
        return null;
    }

    static CellProblem? DecimalToWhole(decimal value, long least, long greatest, Column target)
    {
        if (decimal.Truncate(value) != value) return CellProblem.Type("has decimal places, and the hub does not round");
        return value < least || value > greatest ? TextNumbers.OutOfRange(least, greatest) : Put(target, (long)value);
    }

    static CellProblem? DecimalToDouble(decimal value, DoubleColumn target)
    {
        const int alwaysExact = 15; // decimal digits that every double gives back unchanged
        var digits = TextNumbers.SignificantDigits(value);
        if (digits > alwaysExact) return CellProblem.Type($"has {digits} significant digits; a double gives back at most {alwaysExact} unchanged");
        target.Append(double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        return null;
    }

    static CellProblem? DoubleToWhole(double value, long least, long greatest, Column target)
    {
        if (Math.Truncate(value) != value) return CellProblem.Type("has decimal places, and the hub does not round");
        // 2^63 itself is a double but no int64.
        if (value < least || value > greatest || value >= 9223372036854775808d) return TextNumbers.OutOfRange(least, greatest);
        return Put(target, (long)value);
    }

    static CellProblem? DoubleToDecimal(double value, DecimalColumn target, ItemType to)
    {
        // The shortest text that gives the same double back: 0.1 is meant as 0.1.
        if (!decimal.TryParse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) || (double)exact != value)
            return CellProblem.Range($"is outside what {to} holds");
        if (TextNumbers.Fit(exact, to) is { } problem) return problem;
        target.Append(exact);
        return null;
    }

    static CellProblem? Put(Column target, long value)
    {
        ((LongColumn)target).Append(value);
        return null;
    }

    static CellProblem? PutDecimal(Column target, long value, ItemType to)
    {
        if (TextNumbers.Fit(value, to) is { } problem) return problem;
        ((DecimalColumn)target).Append(value);
        return null;
    }

    static CellProblem? PutLocal(Column target, long local, TimeZoneInfo zone) => LocalTime.ToInstant(local, zone, out var instant) ?? Put(target, instant);

    static CellProblem? PutDay(Column target, long local, TimeZoneInfo zone)
    {
        if (local % Temporal.DayMicroseconds != 0) return NotMidnight($" in the time zone {zone.Id}");
        var day = local / Temporal.DayMicroseconds;
        return day < Temporal.SmallestDay || day > Temporal.LargestDay ? CellProblem.Range($"lies outside the years 0001 to 9999 in the time zone {zone.Id}") : Put(target, day);
    }

    static CellProblem NotMidnight(string where) => CellProblem.Type($"has a time of day other than midnight{where}, which a date would lose");

    static string Others(TimeReading reading) => reading.Formats.Count == 0 ? "" : $", nor in {string.Join(", ", reading.Formats)}";

    static long Long(Column source, int row) => ((LongColumn)source)[row];

    static ReadOnlySpan<byte> Bytes(Column source, int row) => ((BytesColumn)source)[row];
}
