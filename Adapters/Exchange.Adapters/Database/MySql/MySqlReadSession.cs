using System.Data;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>Reads through the driver's typed getters. Texts travel as bytes (CAST … AS BINARY), so the driver makes no strings of them.</summary>
internal sealed partial class MySqlReadSession : ReadSession
{
    readonly MySqlConnection _connection;
    readonly MySqlDialect _dialect;
    readonly LocalTime _local;
    readonly Dictionary<int, (ColumnShape Column, bool CodePoint)> _parameters = [];

    MySqlReadSession(MySqlConnection connection, MySqlDialect dialect, LocalTime local) => (_connection, _dialect, _local) = (connection, dialect, local);

    /// <summary>Row comparisons are not answered from an index.</summary>
    public override bool ComparesRows => false;

    public override bool NullsLast => false;

    public static async Task<ReadSession> OpenAsync(MySqlDialect dialect, FrontEndConnection settings, CancellationToken cancel)
    {
        var local = new LocalTime(settings);
        var connection = await dialect.OpenMySqlAsync(settings, cancel);
        try
        {
            await using var command = new MySqlCommand("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", connection);
            await command.ExecuteNonQueryAsync(cancel);
            return new MySqlReadSession(connection, dialect, local);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async Task<IReadOnlyList<ColumnShape>> ShapesAsync(string from, IReadOnlyList<SourceColumn>? columns, CancellationToken cancel)
    {
        var list = columns is null ? "s.*" : string.Join(", ", columns.Select(column => "s." + _dialect.Quote(column.Column)));
        await using var command = new MySqlCommand($"SELECT {list} FROM {from} LIMIT 0", _connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var schema = await reader.GetColumnSchemaAsync(cancel);
        return [.. schema.Select((found, at) =>
        {
            var described = (MySqlDbColumn)found;
            var (type, form, native) = Shape(described);
            var column = columns is null ? described.ColumnName : columns[at].Column;
            return new ColumnShape(columns is null ? column : columns[at].Item, column, type, native, (int)form);
        })];
    }

    public override string Value(ColumnShape column) => Form(column) switch
    {
        MySqlForm.Bits => $"CAST({Name(column)} AS UNSIGNED)",
        MySqlForm.Single => $"{Name(column)} + 0e0",
        MySqlForm.Text or MySqlForm.Choice or MySqlForm.Cast or MySqlForm.WideDecimal => Large(column, Bytes(column)),
        MySqlForm.Binary => Large(column, Name(column)),
        _ => Name(column),
    };

    public override string Order(ColumnShape column, bool codePoint) => Form(column) switch
    {
        MySqlForm.Choice => $"({Name(column)} + 0)",
        MySqlForm.Text when codePoint => Bytes(column),
        _ => Name(column),
    };

    public override string OrderText(ColumnShape column) => Form(column) switch
    {
        MySqlForm.Binary => Name(column),
        MySqlForm.Text => Bytes(column),
        MySqlForm.Choice => $"CAST(CAST({Name(column)} + 0 AS CHAR) AS BINARY)",
        MySqlForm.Single => $"CAST(CAST({Name(column)} + 0e0 AS CHAR) AS BINARY)",
        MySqlForm.Bits => $"CAST(CAST(CAST({Name(column)} AS UNSIGNED) AS CHAR) AS BINARY)",
        _ => $"CAST(CAST({Name(column)} AS CHAR) AS BINARY)",
    };

    public override string Parameter(ColumnShape column, int number, bool codePoint)
    {
        _parameters[number] = (column, codePoint);
        var name = string.Create(CultureInfo.InvariantCulture, $"@p{number}");
        return Form(column) is MySqlForm.WideDecimal or MySqlForm.Decimal ? $"CAST({name} AS {column.Native})" : name;
    }

    public override async Task ReadAsync(string sql, IReadOnlyList<byte[]> parameters, PageBuilder page, CancellationToken cancel)
    {
        await using var command = new MySqlCommand(sql, _connection);
        for (var at = 0; at < parameters.Count; at++) command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"@p{at}"), Typed(at, parameters[at]));
        await RunAsync(command, page, cancel);
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_connection.State == ConnectionState.Open)
            {
                await using var command = new MySqlCommand("ROLLBACK", _connection);
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is MySqlException or InvalidOperationException)
        {
            // The connection is broken and so is its transaction; what broke it was already told.
        }

        await _connection.DisposeAsync();
    }

    object Typed(int number, byte[] text)
    {
        var (column, codePoint) = _parameters[number];
        return Form(column) switch
        {
            MySqlForm.Binary => text,
            MySqlForm.Text when codePoint => text,
            MySqlForm.Whole or MySqlForm.Flag => long.Parse(text, CultureInfo.InvariantCulture),
            MySqlForm.Unsigned or MySqlForm.Bits or MySqlForm.Choice => ulong.Parse(text, CultureInfo.InvariantCulture),
            MySqlForm.Double or MySqlForm.Single => double.Parse(text, CultureInfo.InvariantCulture),
            _ => Encoding.UTF8.GetString(text),
        };
    }

    /// <summary>A value and, where it can be larger than a cell may be, its length when it is: then only its beginning is sent.</summary>
    string Large(ColumnShape column, string value)
    {
        if (!IsLarge(column)) return value;
        var name = Name(column);
        return $"IF(OCTET_LENGTH({name}) > @cell, LEFT({value}, {PageBuilder.ShownBytes}), {value}), IF(OCTET_LENGTH({name}) > @cell, OCTET_LENGTH({name}), NULL)";
    }

    /// <summary>Types without a declared limit; a varchar row has at most 65,535 bytes.</summary>
    static bool IsLarge(ColumnShape column) => Form(column) is MySqlForm.Text or MySqlForm.Binary && column.Native.Length > 0;

    string Bytes(ColumnShape column) => Form(column) is MySqlForm.Text or MySqlForm.Choice ? $"CAST(CONVERT({Name(column)} USING utf8mb4) AS BINARY)" : $"CAST(CAST({Name(column)} AS CHAR) AS BINARY)";

    string Name(ColumnShape column) => "s." + _dialect.Quote(column.Column);

    static MySqlForm Form(ColumnShape column) => (MySqlForm)column.Form;

    /// <summary>Native: the type to cast a bound to, or for texts and blobs `large` where a cell may pass the limit.</summary>
    static (ItemType Type, MySqlForm Form, string Native) Shape(MySqlDbColumn column)
    {
        const string Unlimited = "large";
        var size = column.ColumnSize ?? 0;
        switch (column.ProviderType)
        {
            case MySqlDbType.Bool or MySqlDbType.Byte or MySqlDbType.UByte:
                return size == 1 ? (Natural.Boolean, MySqlForm.Flag, "") : (Natural.Int32, MySqlForm.Whole, "");
            case MySqlDbType.Int16 or MySqlDbType.UInt16 or MySqlDbType.Int24 or MySqlDbType.UInt24 or MySqlDbType.Int32 or MySqlDbType.Year:
                return (Natural.Int32, MySqlForm.Whole, "");
            case MySqlDbType.UInt32 or MySqlDbType.Int64:
                return (Natural.Int64, MySqlForm.Whole, "");
            case MySqlDbType.UInt64:
                return (ItemType.Decimal(20, 0), MySqlForm.Unsigned, "");
            case MySqlDbType.Bit:
                return (size == 1 ? Natural.Boolean : size < 64 ? Natural.Int64 : ItemType.Decimal(20, 0), MySqlForm.Bits, "");
            case MySqlDbType.Decimal or MySqlDbType.NewDecimal:
                var (precision, scale) = (column.NumericPrecision ?? 65, column.NumericScale ?? 0);
                var natural = Natural.Decimal(precision, scale);
                return (natural, natural.Kind == ItemKind.Decimal ? MySqlForm.Decimal : MySqlForm.WideDecimal, string.Create(CultureInfo.InvariantCulture, $"DECIMAL({precision},{scale})"));
            case MySqlDbType.Float:
                return (Natural.Double, MySqlForm.Single, "");
            case MySqlDbType.Double:
                return (Natural.Double, MySqlForm.Double, "");
            case MySqlDbType.Date or MySqlDbType.Newdate:
                return (Natural.Date, MySqlForm.Date, "");
            case MySqlDbType.DateTime:
                return (Natural.Timestamp, MySqlForm.Wall, "");
            case MySqlDbType.Timestamp:
                return (Natural.Timestamp, MySqlForm.Instant, "");
            case MySqlDbType.VarChar or MySqlDbType.VarString or MySqlDbType.String:
                return (Natural.String(size), MySqlForm.Text, "");
            case MySqlDbType.TinyText or MySqlDbType.Text or MySqlDbType.MediumText or MySqlDbType.LongText:
                return (Natural.Text, MySqlForm.Text, Unlimited);
            case MySqlDbType.Binary or MySqlDbType.VarBinary:
                return (Natural.Binary, MySqlForm.Binary, "");
            case MySqlDbType.TinyBlob or MySqlDbType.Blob or MySqlDbType.MediumBlob or MySqlDbType.LongBlob:
                return (Natural.Binary, MySqlForm.Binary, Unlimited);
            case MySqlDbType.Enum or MySqlDbType.Set:
                return (Natural.Text, MySqlForm.Choice, "");
            default:
                return (Natural.Text, MySqlForm.Cast, "");
        }
    }
}
