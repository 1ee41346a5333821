using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Exchange.Contracts.Rows;
using ParquetSharp;

namespace Exchange.Adapters.Files.Parquet;

/// <summary>Values of Parquet's types as cells: without loss, or a fault.</summary>
internal static class ParquetValues
{
    const int Nanoseconds = 1000;

    /// <summary>Unscaled numbers of more digits fit no decimal.</summary>
    static readonly BigInteger Limit = BigInteger.Pow(10, ItemType.LargestPrecision);

    static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static void Text(FilePageBuilder page, int column, ReadOnlySpan<byte> value)
    {
        try
        {
            page.Add(column, Strict.GetString(value));
        }
        catch (DecoderFallbackException)
        {
            page.Fault(column, "encoding", Convert.ToHexStringLower(value[..Math.Min(value.Length, 100)]), "is no UTF-8");
        }
    }

    public static void Date(FilePageBuilder page, int column, int days)
    {
        if (days < Temporal.SmallestDay || days > Temporal.LargestDay) page.Fault(column, "range", Temporal.FarDateText(days), "lies outside the years 0001 to 9999");
        else page.Add(column, days);
    }

    /// <param name="page">Where it goes.</param>
    /// <param name="column">Which.</param>
    /// <param name="value">Since midnight or 1970.</param>
    /// <param name="unit">Of the value.</param>
    /// <param name="form">What it is.</param>
    public static void Time(FilePageBuilder page, int column, long value, TimeUnit unit, ParquetTime form)
    {
        if (unit == TimeUnit.Nanos && value % Nanoseconds != 0)
        {
            page.Fault(column, "range", value.ToString(CultureInfo.InvariantCulture), "is finer than a microsecond, and the hub does not round");
            return;
        }

        var microseconds = unit switch { TimeUnit.Millis => (Int128)value * 1000, TimeUnit.Nanos => value / Nanoseconds, _ => value };
        if (form == ParquetTime.OfDay ? microseconds < 0 || microseconds >= Temporal.DayMicroseconds : microseconds < Temporal.SmallestMicrosecond || microseconds > Temporal.LargestMicrosecond)
            page.Fault(column, "range", value.ToString(CultureInfo.InvariantCulture), form == ParquetTime.OfDay ? "is no time of a day" : "lies outside the years 0001 to 9999");
        else if (form == ParquetTime.Instant) page.Add(column, (long)microseconds);
        else if (form == ParquetTime.Local) page.Add(column, Temporal.TimestampText((long)microseconds).TrimEnd('Z'));
        else page.Add(column, Temporal.TimestampText((long)microseconds)[11..].TrimEnd('Z'));
    }

    /// <summary>The old form of Hive and Spark: nanoseconds of a Julian day, in UTC.</summary>
    public static void Old(FilePageBuilder page, int column, Int96 value)
    {
        const int JulianDayOf1970 = 2_440_588;
        var nanoseconds = ((ulong)(uint)value.B << 32) | (uint)value.A;
        var microseconds = ((Int128)value.C - JulianDayOf1970) * Temporal.DayMicroseconds + (nanoseconds / Nanoseconds);
        if (nanoseconds % Nanoseconds != 0) page.Fault(column, "range", nanoseconds.ToString(CultureInfo.InvariantCulture), "is finer than a microsecond, and the hub does not round");
        else if (microseconds < Temporal.SmallestMicrosecond || microseconds > Temporal.LargestMicrosecond) page.Fault(column, "range", value.C.ToString(CultureInfo.InvariantCulture), "lies outside the years 0001 to 9999");
        else page.Add(column, (long)microseconds);
    }

    public static void Decimal(FilePageBuilder page, int column, BigInteger unscaled, int scale)
    {
        var (digits, places) = (unscaled, scale);
        // Zeros behind the last digit that counts may be more than there is room for.
        while (places > 0 && (places > ItemType.LargestPrecision || BigInteger.Abs(digits) >= Limit) && BigInteger.Remainder(digits, 10).IsZero && !digits.IsZero) (digits, places) = (digits / 10, places - 1);
        if (digits.IsZero) places = 0;
        if (places > ItemType.LargestPrecision || BigInteger.Abs(digits) >= Limit)
        {
            page.Fault(column, "range", $"{unscaled}e-{scale}", $"has more than {ItemType.LargestPrecision} digits");
            return;
        }

        var bits = decimal.GetBits((decimal)BigInteger.Abs(digits));
        page.Add(column, new decimal(bits[0], bits[1], bits[2], digits.Sign < 0, (byte)places));
    }

    /// <summary>What a pointer into a page of the file points to.</summary>
    public static byte[] Copy(IntPtr pointer, int length)
    {
        if (length == 0) return [];
        var bytes = new byte[length];
        Marshal.Copy(pointer, bytes, 0, length);
        return bytes;
    }
}

/// <summary>What a time in a Parquet file means.</summary>
internal enum ParquetTime
{
    /// <summary>One moment everywhere.</summary>
    Instant,

    /// <summary>What a clock showed, in the zone of the resource.</summary>
    Local,

    OfDay,
}
