using System.Buffers.Binary;
using System.Data;
using System.Data.SqlTypes;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.Rows;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// The exact form in which a place in an order is kept (digits, ISO date and time of seven digits, the UTF-16 or binary bytes themselves), and the typed parameters that it becomes again.
/// A parameter has its column's own type: where the engine had to convert the column instead, no index would serve, and varchar sorts by other rules than nvarchar.
/// </summary>
internal static class SqlServerValues
{
    const string InstantFormat = "yyyy-MM-dd HH:mm:ss.fffffff";

    /// <summary>Longest text of a parameter with a limit, in UTF-16 units, and longest binary in bytes.</summary>
    const int LongestUnits = 4_000, LongestBytes = 8_000;

    public static string Text(DateTime value) => value.ToString(InstantFormat, CultureInfo.InvariantCulture);

    /// <summary>Whether the exact form is UTF-16 (else it is ASCII, or the value's own bytes).</summary>
    public static bool IsUtf16(SqlServerForm form) => form is SqlServerForm.Unicode or SqlServerForm.UnicodePadded or SqlServerForm.CodePage or SqlServerForm.CodePagePadded
        or SqlServerForm.WideDecimal or SqlServerForm.Cast or SqlServerForm.CastUnordered;

    public static bool IsTemporal(SqlServerForm form) => form is SqlServerForm.Date or SqlServerForm.DateTime or SqlServerForm.SmallDateTime or SqlServerForm.DateTime2 or SqlServerForm.Instant;

    /// <summary>The exact form as text, for a caller that keeps it.</summary>
    public static string Shown(SqlServerForm form, ReadOnlySpan<byte> exact) => form is SqlServerForm.Binary or SqlServerForm.Image
        ? Convert.ToHexStringLower(exact)
        : (IsUtf16(form) ? Encoding.Unicode : Encoding.UTF8).GetString(exact);

    /// <summary>The bytes of <see cref="Shown"/>.</summary>
    public static byte[] Exact(SqlServerForm form, string shown) => form is SqlServerForm.Binary or SqlServerForm.Image ? Convert.FromHexString(shown) : (IsUtf16(form) ? Encoding.Unicode : Encoding.UTF8).GetBytes(shown);

    /// <param name="name">With its @.</param>
    /// <param name="column">Whose type it takes.</param>
    /// <param name="codePoint">Whether texts are compared by their bytes.</param>
    /// <param name="exact">The exact form.</param>
    public static SqlParameter Parameter(string name, ColumnShape column, bool codePoint, ReadOnlySpan<byte> exact)
    {
        var form = (SqlServerForm)column.Form;
        if (form == SqlServerForm.CastUnordered || form is SqlServerForm.Binary or SqlServerForm.Image || (codePoint && IsCharacter(form))) return Bytes(name, exact.ToArray());
        if (IsUtf16(form)) return Characters(name, new string(MemoryMarshal.Cast<byte, char>(exact)));
        var text = Encoding.UTF8.GetString(exact);
        if (IsTemporal(form)) return Temporal(name, form, DateTime.ParseExact(text, InstantFormat, CultureInfo.InvariantCulture));
        return form switch
        {
            SqlServerForm.Decimal or SqlServerForm.Money => Number(name, column, decimal.Parse(text, CultureInfo.InvariantCulture)),
            SqlServerForm.Single => new SqlParameter(name, SqlDbType.Real) { Value = float.Parse(text, CultureInfo.InvariantCulture) },
            SqlServerForm.Double => new SqlParameter(name, SqlDbType.Float) { Value = double.Parse(text, CultureInfo.InvariantCulture) },
            SqlServerForm.Guid => new SqlParameter(name, SqlDbType.UniqueIdentifier) { Value = Guid.Parse(text) },
            _ => Whole(name, form, long.Parse(text, CultureInfo.InvariantCulture)),
        };
    }

    /// <summary>A key's value as a parameter; null where the column's type has no such value, so that no row can be its.</summary>
    public static SqlParameter? KeyParameter(string name, ColumnShape column, Column values, int row, LocalTime local)
    {
        var form = (SqlServerForm)column.Form;
        switch (values)
        {
            case LongColumn { Type.Kind: ItemKind.Date } days: return Temporal(name, form, Contracts.Rows.Temporal.Date(days[row]).ToDateTime(TimeOnly.MinValue));
            case LongColumn { Type.Kind: ItemKind.Timestamp } instants:
                var at = DateTime.SpecifyKind(Contracts.Rows.Temporal.Instant(form == SqlServerForm.Instant ? instants[row] : local.Wall(instants[row])), DateTimeKind.Unspecified);
                return at < Smallest(form) ? null : Temporal(name, form, at);
            case LongColumn numbers: return Fits(form, numbers[row]) ? Whole(name, form, numbers[row]) : null;
            case DecimalColumn numbers: return Number(name, column, numbers[row]);
            case DoubleColumn numbers: return form == SqlServerForm.Single ? new SqlParameter(name, SqlDbType.Real) { Value = (float)numbers[row] } : new SqlParameter(name, SqlDbType.Float) { Value = numbers[row] };
            case BytesColumn bytes when values.Type.Kind == ItemKind.Binary: return Bytes(name, bytes[row].ToArray());
            case BytesColumn text when form == SqlServerForm.Guid: return Guid.TryParse(text.StringAt(row), out var guid) ? new SqlParameter(name, SqlDbType.UniqueIdentifier) { Value = guid } : null;
            case BytesColumn text when form == SqlServerForm.CastUnordered: return Bytes(name, Encoding.Unicode.GetBytes(text.StringAt(row)));
            default: return Characters(name, values.TextAt(row)!);
        }
    }

    /// <summary>A bound moved into what the column's type holds.</summary>
    public static DateTime Clamped(SqlServerForm form, DateTime value) => value < Smallest(form) ? Smallest(form) : form == SqlServerForm.SmallDateTime && value > LargestSmall ? LargestSmall : value;

    /// <summary>The same for whole numbers.</summary>
    public static long Clamped(SqlServerForm form, long value) => form switch
    {
        SqlServerForm.Byte => Math.Clamp(value, byte.MinValue, byte.MaxValue),
        SqlServerForm.Int16 => Math.Clamp(value, short.MinValue, short.MaxValue),
        SqlServerForm.Int32 => Math.Clamp(value, int.MinValue, int.MaxValue),
        SqlServerForm.RowVersion => Math.Max(value, 0),
        _ => value,
    };

    static readonly DateTime LargestSmall = new(2079, 6, 6, 23, 59, 0);

    static bool IsCharacter(SqlServerForm form) => form is SqlServerForm.Unicode or SqlServerForm.UnicodePadded or SqlServerForm.CodePage or SqlServerForm.CodePagePadded;

    static DateTime Smallest(SqlServerForm form) => form switch
    {
        SqlServerForm.DateTime => SqlDateTime.MinValue.Value,
        SqlServerForm.SmallDateTime => new DateTime(1900, 1, 1),
        _ => DateTime.MinValue,
    };

    static bool Fits(SqlServerForm form, long value) => form == SqlServerForm.Bit ? value is 0 or 1 : Clamped(form, value) == value;

    /// <summary>Sizes are the same for every value, so that the server keeps one plan.</summary>
    static SqlParameter Characters(string name, string text) => new(name, SqlDbType.NVarChar, text.Length > LongestUnits ? -1 : LongestUnits) { Value = text };

    static SqlParameter Bytes(string name, byte[] value) => new(name, SqlDbType.VarBinary, value.Length > LongestBytes ? -1 : LongestBytes) { Value = value };

    static SqlParameter Number(string name, ColumnShape column, decimal value) => (SqlServerForm)column.Form == SqlServerForm.Money
        ? new SqlParameter(name, SqlDbType.Money) { Value = value }
        : new SqlParameter(name, SqlDbType.Decimal) { Precision = (byte)column.Type.Precision, Scale = (byte)column.Type.Scale, Value = value };

    static SqlParameter Whole(string name, SqlServerForm form, long value) => form switch
    {
        SqlServerForm.Byte => new SqlParameter(name, SqlDbType.TinyInt) { Value = (byte)value },
        SqlServerForm.Int16 => new SqlParameter(name, SqlDbType.SmallInt) { Value = (short)value },
        SqlServerForm.Int32 => new SqlParameter(name, SqlDbType.Int) { Value = (int)value },
        SqlServerForm.Bit => new SqlParameter(name, SqlDbType.Bit) { Value = value != 0 },
        SqlServerForm.RowVersion => new SqlParameter(name, SqlDbType.Binary, sizeof(long)) { Value = RowVersion(value) },
        _ => new SqlParameter(name, SqlDbType.BigInt) { Value = value },
    };

    /// <summary>A counter of eight bytes, the highest first.</summary>
    public static byte[] RowVersion(long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }

    static SqlParameter Temporal(string name, SqlServerForm form, DateTime value) => form switch
    {
        SqlServerForm.Date => new SqlParameter(name, SqlDbType.Date) { Value = value },
        SqlServerForm.DateTime => new SqlParameter(name, SqlDbType.DateTime) { Value = value },
        SqlServerForm.SmallDateTime => new SqlParameter(name, SqlDbType.SmallDateTime) { Value = value },
        SqlServerForm.Instant => new SqlParameter(name, SqlDbType.DateTimeOffset) { Scale = 7, Value = new DateTimeOffset(value, TimeSpan.Zero) },
        _ => new SqlParameter(name, SqlDbType.DateTime2) { Scale = 7, Value = value },
    };
}
