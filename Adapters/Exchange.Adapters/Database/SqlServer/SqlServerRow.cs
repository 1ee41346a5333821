using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Exchange.Adapters.Database.Reading;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// Takes a result's fields one after the other, as the driver's sequential access asks. Texts come as UTF-16 bytes, so that no string is made of them and half of a surrogate pair,
/// which the driver would replace in silence, is a fault of its cell. One user at a time.
/// </summary>
internal sealed class SqlServerRow(SqlDataReader reader, int orderColumns) : IDisposable
{
    readonly SqlServerForm[] _order = [.. Enumerable.Range(0, orderColumns).Select(at => FormOf(reader.GetDataTypeName(at)))];
    byte[] _bytes = ArrayPool<byte>.Shared.Rent(4096);
    byte[] _utf8 = ArrayPool<byte>.Shared.Rent(4096);
    int _field;

    public void Begin() => _field = 0;

    public int Count() => reader.GetInt32(_field++);

    /// <summary>An order column's exact form, by the type in which it comes.</summary>
    public void Order(PageBuilder page, int column)
    {
        var at = _field++;
        if (reader.IsDBNull(at)) page.OrderNull(column);
        else page.Order(column, _order[column] == SqlServerForm.Binary ? Bytes(at) : Exact(_order[column], at));
    }

    public void Value(PageBuilder page, int column, SqlServerForm form, bool large)
    {
        var at = _field++;
        if (reader.IsDBNull(at))
        {
            page.Null(column);
            if (large) _field++;
            return;
        }

        if (large) Large(page, column, form, at);
        else if (SqlServerValues.IsUtf16(form)) Text(page, column, form, Bytes(at));
        else if (form is SqlServerForm.Binary or SqlServerForm.Image) page.Binary(column, Bytes(at));
        else Fixed(page, column, form, at);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        ArrayPool<byte>.Shared.Return(_utf8);
        (_bytes, _utf8) = ([], []);
    }

    /// <summary>A value that may be past the limit: its own length follows when it is, and then only its beginning was sent.</summary>
    void Large(PageBuilder page, int column, SqlServerForm form, int at)
    {
        var value = Bytes(at);
        var length = reader.IsDBNull(_field) ? (long?)null : reader.GetInt64(_field);
        _field++;
        var binary = form is SqlServerForm.Binary or SqlServerForm.Image;
        if (length is { } whole) page.TooLarge(column, whole, binary ? value : Shown(value));
        else if (binary) page.Binary(column, value);
        else Text(page, column, form, value);
    }

    void Fixed(PageBuilder page, int column, SqlServerForm form, int at)
    {
        switch (form)
        {
            case SqlServerForm.Bit: page.Number(column, reader.GetBoolean(at) ? 1 : 0); break;
            case SqlServerForm.Decimal or SqlServerForm.Money: page.Decimal(column, reader.GetDecimal(at)); break;
            case SqlServerForm.Single: page.Real(column, reader.GetFloat(at)); break;
            case SqlServerForm.Double: page.Real(column, reader.GetDouble(at)); break;
            case SqlServerForm.Date: page.Date(column, (reader.GetDateTime(at) - DateTime.UnixEpoch).Days); break;
            case SqlServerForm.Instant: page.Instant(column, Microseconds(reader.GetDateTimeOffset(at).UtcDateTime)); break;
            case SqlServerForm.DateTime or SqlServerForm.SmallDateTime or SqlServerForm.DateTime2: page.Wall(column, Microseconds(reader.GetDateTime(at))); break;
            case SqlServerForm.Guid: page.Text(column, GuidText(at)); break;
            default: page.Number(column, Whole(form, at)); break;
        }
    }

    ReadOnlySpan<byte> Exact(SqlServerForm form, int at)
    {
        switch (form)
        {
            case SqlServerForm.Guid: return GuidText(at);
            case SqlServerForm.Date or SqlServerForm.DateTime or SqlServerForm.SmallDateTime or SqlServerForm.DateTime2: return Ascii(SqlServerValues.Text(reader.GetDateTime(at)));
            case SqlServerForm.Instant: return Ascii(SqlServerValues.Text(reader.GetDateTimeOffset(at).UtcDateTime));
            case SqlServerForm.Decimal or SqlServerForm.Money: return Ascii(reader.GetDecimal(at).ToString(CultureInfo.InvariantCulture));
            case SqlServerForm.Single: return Ascii(reader.GetFloat(at).ToString("R", CultureInfo.InvariantCulture));
            case SqlServerForm.Double: return Ascii(reader.GetDouble(at).ToString("R", CultureInfo.InvariantCulture));
            default:
                Utf8Formatter.TryFormat(form == SqlServerForm.Bit ? reader.GetBoolean(at) ? 1L : 0L : Whole(form, at), _utf8, out var written);
                return _utf8.AsSpan(0, written);
        }
    }

    long Whole(SqlServerForm form, int at) => form switch
    {
        SqlServerForm.Byte => reader.GetByte(at),
        SqlServerForm.Int16 => reader.GetInt16(at),
        SqlServerForm.Int32 => reader.GetInt32(at),
        _ => reader.GetInt64(at),
    };

    /// <summary>As other engines and the standard (RFC 9562) write it: lower case.</summary>
    ReadOnlySpan<byte> GuidText(int at)
    {
        Utf8Formatter.TryFormat(reader.GetGuid(at), _utf8, out var written);
        return _utf8.AsSpan(0, written);
    }

    ReadOnlySpan<byte> Ascii(string text) => _utf8.AsSpan(0, Encoding.ASCII.GetBytes(text, _utf8));

    void Text(PageBuilder page, int column, SqlServerForm form, ReadOnlySpan<byte> utf16)
    {
        var characters = MemoryMarshal.Cast<byte, char>(utf16);
        if (form is SqlServerForm.UnicodePadded or SqlServerForm.CodePagePadded) characters = characters.TrimEnd(' ');
        Room(ref _utf8, Encoding.UTF8.GetMaxByteCount(characters.Length));
        if (Utf8.FromUtf16(characters, _utf8, out _, out var written, replaceInvalidSequences: false) == OperationStatus.Done) page.Text(column, _utf8.AsSpan(0, written));
        else page.Fault(column, "encoding", Encoding.UTF8.GetString(Shown(utf16)), "The text holds half of a surrogate pair.");
    }

    /// <summary>The beginning as UTF-8, what is no text replaced.</summary>
    ReadOnlySpan<byte> Shown(ReadOnlySpan<byte> utf16)
    {
        var characters = MemoryMarshal.Cast<byte, char>(utf16[..Math.Min(utf16.Length, PageBuilder.ShownBytes)]);
        Room(ref _utf8, Encoding.UTF8.GetMaxByteCount(characters.Length));
        Utf8.FromUtf16(characters, _utf8, out _, out var written);
        return _utf8.AsSpan(0, written);
    }

    ReadOnlySpan<byte> Bytes(int at)
    {
        for (var length = 0; ;)
        {
            if (length == _bytes.Length) Room(ref _bytes, length * 2, keep: length);
            var read = (int)reader.GetBytes(at, length, _bytes, length, _bytes.Length - length);
            if (read == 0) return _bytes.AsSpan(0, length);
            length += read;
        }
    }

    static SqlServerForm FormOf(string type) => type switch
    {
        "tinyint" => SqlServerForm.Byte,
        "smallint" => SqlServerForm.Int16,
        "int" => SqlServerForm.Int32,
        "bigint" => SqlServerForm.Int64,
        "bit" => SqlServerForm.Bit,
        "decimal" or "numeric" or "money" or "smallmoney" => SqlServerForm.Decimal,
        "real" => SqlServerForm.Single,
        "float" => SqlServerForm.Double,
        "date" or "datetime" or "smalldatetime" or "datetime2" => SqlServerForm.DateTime2,
        "datetimeoffset" => SqlServerForm.Instant,
        "uniqueidentifier" => SqlServerForm.Guid,
        _ => SqlServerForm.Binary,
    };

    static void Room(ref byte[] buffer, int wanted, int keep = 0)
    {
        if (buffer.Length >= wanted) return;
        var larger = ArrayPool<byte>.Shared.Rent(wanted);
        buffer.AsSpan(0, keep).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    /// <summary>Since 1970, of the clock that is shown; what is below a microsecond is left out.</summary>
    static long Microseconds(DateTime value) => (long)Math.Floor((value.Ticks - DateTime.UnixEpoch.Ticks) / (decimal)TimeSpan.TicksPerMicrosecond);
}
