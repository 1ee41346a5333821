using System.Buffers.Binary;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>Values in PostgreSQL's binary form (each type's send function).</summary>
internal static class PostgreSqlValues
{
    /// <summary>2000-01-01, from which PostgreSQL counts, as days since 1970.</summary>
    const long EpochDays = 10_957;

    public static void Read(PageBuilder page, int column, PostgreSqlForm form, ReadOnlySpan<byte> value)
    {
        switch (form)
        {
            case PostgreSqlForm.Boolean:
                page.Number(column, value[0]);
                break;
            case PostgreSqlForm.Int16:
                page.Number(column, BinaryPrimitives.ReadInt16BigEndian(value));
                break;
            case PostgreSqlForm.Int32:
                page.Number(column, BinaryPrimitives.ReadInt32BigEndian(value));
                break;
            case PostgreSqlForm.Int64:
                page.Number(column, BinaryPrimitives.ReadInt64BigEndian(value));
                break;
            case PostgreSqlForm.ObjectId:
                page.Number(column, BinaryPrimitives.ReadUInt32BigEndian(value));
                break;
            case PostgreSqlForm.Single:
                page.Real(column, BinaryPrimitives.ReadSingleBigEndian(value));
                break;
            case PostgreSqlForm.Double:
                page.Real(column, BinaryPrimitives.ReadDoubleBigEndian(value));
                break;
            case PostgreSqlForm.Numeric:
                Numeric(page, column, value);
                break;
            case PostgreSqlForm.Date:
                Date(page, column, BinaryPrimitives.ReadInt32BigEndian(value));
                break;
            case PostgreSqlForm.Wall or PostgreSqlForm.Instant:
                Timestamp(page, column, form, BinaryPrimitives.ReadInt64BigEndian(value));
                break;
            case PostgreSqlForm.Binary:
                page.Binary(column, value);
                break;
            case PostgreSqlForm.Padded:
                page.Text(column, value.TrimEnd((byte)' '));
                break;
            case PostgreSqlForm.WideNumeric when value is [(byte)'N' or (byte)'I', ..] or [(byte)'-', (byte)'I', ..]:
                page.Fault(column, "not-finite", PageBuilder.Shown(value), "The number is not finite.");
                break;
            default:
                page.Text(column, value);
                break;
        }
    }

    static void Date(PageBuilder page, int column, int days)
    {
        if (days is int.MaxValue or int.MinValue) page.Fault(column, "not-finite", days < 0 ? "-infinity" : "infinity", "The date is infinite.");
        else page.Date(column, days + EpochDays);
    }

    static void Timestamp(PageBuilder page, int column, PostgreSqlForm form, long microseconds)
    {
        if (microseconds is long.MaxValue or long.MinValue)
        {
            page.Fault(column, "not-finite", microseconds < 0 ? "-infinity" : "infinity", "The time is infinite.");
            return;
        }

        // PostgreSQL ends in the year 294276: counted from 1970, its last thirty years are more than 64 bits hold.
        if (microseconds > long.MaxValue - (EpochDays * Temporal.DayMicroseconds))
        {
            page.FarTime(column, (microseconds / Temporal.DayMicroseconds) + EpochDays);
            return;
        }

        var since1970 = microseconds + (EpochDays * Temporal.DayMicroseconds);
        if (form == PostgreSqlForm.Wall) page.Wall(column, since1970);
        else page.Instant(column, since1970);
    }

    /// <summary>Groups of four decimal digits: count, weight of the first, sign, digits after the point, the groups.</summary>
    static void Numeric(PageBuilder page, int column, ReadOnlySpan<byte> value)
    {
        const int NegativeSign = 0x4000, SpecialSigns = 0x8000, NotANumber = 0xC000, NegativeInfinity = 0xF000, HeaderBytes = 8, GroupDigits = 4, LargestGroups = 9;
        int groups = BinaryPrimitives.ReadInt16BigEndian(value);
        int weight = BinaryPrimitives.ReadInt16BigEndian(value[2..]);
        int sign = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        if ((sign & SpecialSigns) != 0)
        {
            page.Fault(column, "not-finite", sign switch { NotANumber => "NaN", NegativeInfinity => "-Infinity", _ => "Infinity" }, "The number is not finite.");
            return;
        }

        UInt128 mantissa = 0;
        for (var at = 0; at < Math.Min(groups, LargestGroups); at++)
            mantissa = (mantissa * 10_000) + (uint)BinaryPrimitives.ReadInt16BigEndian(value[(HeaderBytes + (at * 2))..]);

        if (groups <= LargestGroups && ExactDecimal.TryMake(mantissa, (groups - 1 - weight) * GroupDigits, sign == NegativeSign, out var number)) page.Decimal(column, number);
        else page.Fault(column, "range", NumericText(value[HeaderBytes..], groups, weight, sign == NegativeSign), $"The number has more digits than the {ItemType.LargestPrecision} that a decimal holds.");
    }

    static string NumericText(ReadOnlySpan<byte> digits, int groups, int weight, bool negative)
    {
        const int ShownGroups = 60;
        var text = new System.Text.StringBuilder(negative ? "-" : "");
        if (weight < 0) text.Append('0');
        for (var at = Math.Min(0, weight + 1); at < Math.Min(Math.Max(groups, weight + 1), ShownGroups); at++)
        {
            if (at == weight + 1) text.Append('.');
            var group = at >= 0 && at < groups ? BinaryPrimitives.ReadInt16BigEndian(digits[(at * 2)..]) : 0;
            text.Append(group.ToString(text.Length > (negative ? 1 : 0) ? "D4" : "D", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
