using System.Data;
using System.Globalization;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// Reads inside a snapshot where the database allows it (ALLOW_SNAPSHOT_ISOLATION): then nobody is waited for and no row is missed. Elsewhere a statement reads what is committed: by
/// versions where READ_COMMITTED_SNAPSHOT is on, else by locks, and then it waits for open writers. Nothing of a session is left behind.
/// </summary>
internal sealed partial class SqlServerReadSession : ReadSession
{
    /// <summary>Column and settings are asked for in one round trip; the transaction itself begins with the first row that is looked at.</summary>
    const string Begin = """
        IF EXISTS (SELECT 1 FROM sys.databases WHERE database_id = DB_ID() AND snapshot_isolation_state = 1)
        BEGIN
            SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
            BEGIN TRANSACTION;
            SELECT 1;
        END
        ELSE SELECT 0;
        """;

    const string Leave = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

    readonly SqlConnection _connection;
    readonly SqlServerDialect _dialect;
    readonly LocalTime _local;
    readonly Dictionary<int, (ColumnShape Column, bool CodePoint)> _parameters = [];
    bool _snapshot;

    SqlServerReadSession(SqlConnection connection, SqlServerDialect dialect, LocalTime local, bool snapshot) => (_connection, _dialect, _local, _snapshot) = (connection, dialect, local, snapshot);

    /// <summary>The engine has no row comparisons.</summary>
    public override bool ComparesRows => false;

    public override bool NullsLast => false;

    /// <summary>Entries of transactions that are still open are passed by, not waited for; a snapshot does not meet them.</summary>
    public override string PassLocked => _snapshot ? "" : SqlServerCapture.PassLockedHint;

    public static async Task<ReadSession> OpenAsync(SqlServerDialect dialect, FrontEndConnection settings, CancellationToken cancel)
    {
        var local = new LocalTime(settings);
        var connection = await dialect.OpenSqlServerAsync(settings, cancel);
        try
        {
            await using var command = new SqlCommand(Begin, connection);
            var snapshot = await command.ExecuteScalarAsync(cancel) is 1;
            return new SqlServerReadSession(connection, dialect, local, snapshot);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The server describes the columns of any SELECT with the collation of each, which a result does not tell.</summary>
    public override async Task<IReadOnlyList<ColumnShape>> ShapesAsync(string from, IReadOnlyList<SourceColumn>? columns, CancellationToken cancel)
    {
        var list = columns is null ? "s.*" : string.Join(", ", columns.Select(column => "s." + _dialect.Quote(column.Column)));
        await using var command = new SqlCommand("EXEC sys.sp_describe_first_result_set @statement, NULL, 0", _connection);
        command.Parameters.Add(new SqlParameter("@statement", SqlDbType.NVarChar, -1) { Value = $"SELECT {list} FROM {from}" });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var shapes = new List<ColumnShape>();
        while (await reader.ReadAsync(cancel))
        {
            if (reader.GetBoolean(reader.GetOrdinal("is_hidden"))) continue;
            var type = Described(reader);
            var column = columns is null ? Text(reader, "name") ?? "" : columns[shapes.Count].Column;
            shapes.Add(new ColumnShape(columns is null ? column : columns[shapes.Count].Item, column, type.Natural, new SqlServerNative(type).ToString(), (int)type.Form));
        }

        return shapes;
    }

    public override string Value(ColumnShape column)
    {
        var name = Name(column);
        switch (Form(column))
        {
            case SqlServerForm.RowVersion: return $"CONVERT(bigint, {name})";
            case SqlServerForm.Image: return Large(name, $"CONVERT(varbinary(max), {name})", unit: 1);
            case SqlServerForm.Binary: return IsLarge(column) ? Large(name, name, unit: 1) : name;
            case var form when SqlServerValues.IsUtf16(form):
                var bytes = Utf16(column);
                // A text of so many bytes here has at least as many in UTF-8 (half of them where it is UTF-16); what is shorter is measured when it is read.
                return !IsLarge(column) ? bytes : form is SqlServerForm.CodePage or SqlServerForm.CodePagePadded ? Large(name, bytes, unit: 1) : Large(form == SqlServerForm.CastUnordered ? Characters(column) : name, bytes, unit: 2);
            default: return name;
        }
    }

    /// <summary>By code point: by the bytes of UTF-16, in which two texts are equal exactly when all their code points are, trailing blanks too. It is an order of its own, the same everywhere it is used.</summary>
    public override string Order(ColumnShape column, bool codePoint) => Form(column) switch
    {
        SqlServerForm.CastUnordered => Utf16(column),
        SqlServerForm.Image => $"CONVERT(varbinary(max), {Name(column)})",
        SqlServerForm.Unicode or SqlServerForm.UnicodePadded or SqlServerForm.CodePage or SqlServerForm.CodePagePadded when codePoint => Utf16(column),
        // text and ntext have no order.
        SqlServerForm.Unicode or SqlServerForm.CodePage when new SqlServerNative(column.Native).IsLegacy => Characters(column),
        _ => Name(column),
    };

    public override string OrderText(ColumnShape column) => Form(column) switch
    {
        SqlServerForm.RowVersion => $"CONVERT(bigint, {Name(column)})",
        SqlServerForm.Image => $"CONVERT(varbinary(max), {Name(column)})",
        var form when SqlServerValues.IsUtf16(form) => Utf16(column),
        _ => Name(column),
    };

    public override string Parameter(ColumnShape column, int number, bool codePoint)
    {
        _parameters[number] = (column, codePoint);
        return OfColumn(column, string.Create(CultureInfo.InvariantCulture, $"@p{number}"), codePoint);
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_snapshot && _connection.State == ConnectionState.Open) await RunAsync(Leave);
        }
        catch (Exception exception) when (exception is SqlException or InvalidOperationException)
        {
            // The connection is broken and so is its transaction; what broke it was already told.
        }

        await _connection.DisposeAsync();
    }

    /// <summary>A value in the column's own type and collation, so that its index serves and its order is the column's.</summary>
    static string OfColumn(ColumnShape column, string value, bool codePoint)
    {
        var native = new SqlServerNative(column.Native);
        return Form(column) switch
        {
            SqlServerForm.WideDecimal or SqlServerForm.Cast => $"CONVERT({native.Spelling}, {value})",
            SqlServerForm.CodePage or SqlServerForm.CodePagePadded when !codePoint && !native.IsLegacy => $"CONVERT({(native.IsMax ? "varchar(max)" : "varchar(8000)")}, {value} COLLATE {native.Collation})",
            _ => value,
        };
    }

    string Utf16(ColumnShape column) => $"CONVERT({(IsLarge(column) ? "varbinary(max)" : "varbinary(8000)")}, {Characters(column)})";

    /// <summary>The text of a value, as nvarchar.</summary>
    string Characters(ColumnShape column)
    {
        var (name, native) = (Name(column), new SqlServerNative(column.Native));
        return Form(column) switch
        {
            SqlServerForm.Unicode or SqlServerForm.UnicodePadded when !native.IsLegacy => name,
            SqlServerForm.CastUnordered when native.Spelling == "sql_variant" => Variant(name),
            SqlServerForm.CastUnordered or SqlServerForm.Cast when native.IsClr => name + ".ToString()",
            _ => $"CONVERT({(IsLarge(column) ? "nvarchar(max)" : "nvarchar(4000)")}, {name})",
        };
    }

    /// <summary>Each of a variant's types by a text that loses nothing.</summary>
    static string Variant(string name) => $"""
        CASE CONVERT(nvarchar(128), SQL_VARIANT_PROPERTY({name}, 'BaseType'))
            WHEN N'datetime' THEN CONVERT(nvarchar(40), CONVERT(datetime, {name}), 121) WHEN N'smalldatetime' THEN CONVERT(nvarchar(40), CONVERT(datetime, {name}), 121)
            WHEN N'float' THEN CONVERT(nvarchar(40), CONVERT(float, {name}), 3) WHEN N'real' THEN CONVERT(nvarchar(40), CONVERT(real, {name}), 3)
            WHEN N'money' THEN CONVERT(nvarchar(40), CONVERT(money, {name}), 2) WHEN N'smallmoney' THEN CONVERT(nvarchar(40), CONVERT(money, {name}), 2)
            WHEN N'binary' THEN CONVERT(nvarchar(max), CONVERT(varbinary(8000), {name}), 2) WHEN N'varbinary' THEN CONVERT(nvarchar(max), CONVERT(varbinary(8000), {name}), 2)
            WHEN N'char' THEN CONVERT(nvarchar(max), CONVERT(varchar(8000), {name})) WHEN N'varchar' THEN CONVERT(nvarchar(max), CONVERT(varchar(8000), {name}))
            ELSE CONVERT(nvarchar(4000), {name}) END
        """.ReplaceLineEndings(" ");

    /// <summary>A value and, when it is past the limit, its length: then only its beginning is sent.</summary>
    static string Large(string measured, string value, int unit)
    {
        var over = $"DATALENGTH({measured}) > @cell * {unit}";
        return $"CASE WHEN {over} THEN SUBSTRING({value}, 1, {PageBuilder.ShownBytes}) ELSE {value} END, CASE WHEN {over} THEN CONVERT(bigint, DATALENGTH({measured})) END";
    }

    string Name(ColumnShape column) => "s." + _dialect.Quote(column.Column);

    static SqlServerForm Form(ColumnShape column) => (SqlServerForm)column.Form;

    static bool IsLarge(ColumnShape column) => new SqlServerNative(column.Native).IsLarge;

    static string? Text(SqlDataReader reader, string name) => reader.GetOrdinal(name) is var at && reader.IsDBNull(at) ? null : reader.GetString(at);

    static SqlServerType Described(SqlDataReader reader)
    {
        // Of alias types the system type is told, of types of CLR their own name.
        var spelled = Text(reader, "system_type_name") ?? Text(reader, "user_type_name") ?? "";
        var open = spelled.IndexOf('(', StringComparison.Ordinal);
        return new SqlServerType(Number("system_type_id"), (open < 0 ? spelled : spelled[..open]).ToLowerInvariant(), Number("max_length"), Number("precision"), Number("scale"), Text(reader, "collation_name"));

        int Number(string name) => reader.GetOrdinal(name) is var at && reader.IsDBNull(at) ? 0 : Convert.ToInt32(reader.GetValue(at), CultureInfo.InvariantCulture);
    }

    async Task RunAsync(string sql)
    {
        await using var command = new SqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
