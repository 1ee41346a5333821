using System.Globalization;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>
/// Reads through SQLite's own calls, which give a cell's storage class and its bytes without an object for each. SQLite works in the caller's thread, so
/// nothing here waits; cancellation is looked at between rows.
/// </summary>
internal sealed partial class SqliteReadSession : ReadSession
{
    readonly SqliteConnection _connection;
    readonly SqliteDialect _dialect;
    readonly LocalTime _local;

    SqliteReadSession(SqliteConnection connection, SqliteDialect dialect, LocalTime local) => (_connection, _dialect, _local) = (connection, dialect, local);

    public override bool ComparesRows => true;

    /// <summary>Outside WAL mode a reader keeps writers from committing.</summary>
    public override TimeSpan LongestRead => TimeSpan.FromMilliseconds(300);

    public override bool NullsLast => false;

    sqlite3 Handle => _connection.Handle!;

    public static async Task<ReadSession> OpenAsync(SqliteDialect dialect, FrontEndConnection settings, CancellationToken cancel)
    {
        var local = new LocalTime(settings);
        var connection = await dialect.OpenExistingAsync(settings, cancel);
        var session = new SqliteReadSession(connection, dialect, local);
        try
        {
            session.Run("BEGIN");
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override Task<IReadOnlyList<ColumnShape>> ShapesAsync(string from, IReadOnlyList<SourceColumn>? columns, CancellationToken cancel)
    {
        // Without the table's name before it, an unknown column in double quotes would be taken for a text.
        var list = columns is null ? "s.*" : string.Join(", ", columns.Select(column => "s." + _dialect.Quote(column.Column)));
        using var statement = Prepare($"SELECT {list} FROM {from} LIMIT 0");
        var shapes = new List<ColumnShape>();
        for (var at = 0; at < raw.sqlite3_column_count(statement); at++)
        {
            var declared = raw.sqlite3_column_decltype(statement, at).utf8_to_string() ?? "";
            var column = columns is null ? raw.sqlite3_column_name(statement, at).utf8_to_string() : columns[at].Column;
            shapes.Add(new ColumnShape(columns is null ? column : columns[at].Item, column, SqliteTypes.Natural(declared), declared, 0));
        }

        return Task.FromResult<IReadOnlyList<ColumnShape>>(shapes);
    }

    public override string Value(ColumnShape column) => Name(column);

    public override string Order(ColumnShape column, bool codePoint) => codePoint ? Name(column) + " COLLATE BINARY" : Name(column);

    public override string OrderText(ColumnShape column) => Name(column);

    public override string Parameter(ColumnShape column, int number, bool codePoint) => string.Create(CultureInfo.InvariantCulture, $"?{number + 1}");

    public override async Task ReadAsync(string sql, IReadOnlyList<byte[]> parameters, PageBuilder page, CancellationToken cancel)
    {
        using var statement = Prepare(sql);
        for (var at = 0; at < parameters.Count; at++) SqliteValues.Bind(statement, at + 1, parameters[at]);
        var buffer = new byte[256];
        while (Step(statement) == raw.SQLITE_ROW)
        {
            cancel.ThrowIfCancellationRequested();
            var field = 0;
            for (var at = 0; at < page.OrderColumns; at++) SqliteValues.Order(page, at, statement, field++, ref buffer);
            if (!page.Begin() && !await page.TurnAsync(cancel)) break;
            for (var at = 0; at < page.Shapes.Count; at++) SqliteValues.Read(page, at, statement, field++);
            page.Copies?.Add((int)Math.Min(raw.sqlite3_column_int64(statement, field++), int.MaxValue));
            page.Ties?.Add((int)Math.Min(raw.sqlite3_column_int64(statement, field++), int.MaxValue));
            page.End();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (raw.sqlite3_get_autocommit(Handle) == 0) Run("ROLLBACK"); // takes the temporary table along
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself; what made it was already told.
        }

        await _connection.DisposeAsync();
    }

    sqlite3_stmt Prepare(string sql)
    {
        var result = raw.sqlite3_prepare_v2(Handle, sql, out var statement);
        if (result == raw.SQLITE_OK) return statement;
        statement?.Dispose();
        throw Fault(result);
    }

    int Step(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        return result is raw.SQLITE_ROW or raw.SQLITE_DONE ? result : throw Fault(result);
    }

    void Run(string sql)
    {
        using var statement = Prepare(sql);
        Step(statement);
    }

    SqliteException Fault(int result) => new(raw.sqlite3_errmsg(Handle).utf8_to_string(), result & 0xFF, raw.sqlite3_extended_errcode(Handle));

    string Name(ColumnShape column) => "s." + _dialect.Quote(column.Column);
}
