using System.Data.Common;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Data.Sqlite;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>SQLite as a target. The file has one writer at a time, so its write lock holds other transactions off.</summary>
internal sealed class SqliteTarget(SqlDialect dialect, TimeProvider clock) : TargetEngine(dialect, clock)
{
    const int CommitWait = 30_000; // milliseconds for which a commit waits for readers
    const int ExactDigits = 15; // of a decimal that a column of NUMERIC affinity keeps as a floating-point number
    static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    public override StringComparer Names => StringComparer.OrdinalIgnoreCase;

    public override string False => "0";

    public override string True => "1";

    /// <summary>Waits for the writer before it without holding a thread; SQLite's own waiting would.</summary>
    public override async Task BeginAsync(DbConnection connection, CancellationToken cancel)
    {
        var file = ((SqliteConnection)connection).Handle!;
        var start = Clock.GetTimestamp();
        SQLitePCL.raw.sqlite3_busy_timeout(file, 0);
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                var result = SQLitePCL.raw.sqlite3_exec(file, "BEGIN IMMEDIATE");
                if (result == SQLitePCL.raw.SQLITE_OK) return;
                if ((result & 0xFF) != SQLitePCL.raw.SQLITE_BUSY || Clock.GetElapsedTime(start) > LongestWait) SqliteException.ThrowExceptionForRC(result, file);
                await Task.Delay(BusyPause, Clock, cancel);
            }
        }
        finally
        {
            SQLitePCL.raw.sqlite3_busy_timeout(file, CommitWait);
        }
    }

    public override Task LockAsync(DbConnection connection, string name, CancellationToken cancel) => Task.CompletedTask;

    public override async Task<IReadOnlyList<NativeColumn>> ColumnsAsync(DbConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = connection.Command("SELECT name, type, hidden FROM pragma_table_xinfo(@table, @schema) WHERE hidden <> 1 ORDER BY cid",
            ("@table", table.Name), ("@schema", table.Schema ?? "main"));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<NativeColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var spelling = reader.IsDBNull(1) ? "" : reader.GetString(1);
            var natural = SqliteTypes.Natural(spelling);
            columns.Add(new NativeColumn(reader.GetString(0), Affinity(spelling), spelling)
            {
                Length = natural.Kind == ItemKind.String ? natural.Length : null,
                Generated = reader.GetInt64(2) is 2 or 3,
            });
        }

        return columns;
    }

    public override string? Needed(ItemType type, NativeColumn column) => Holds(type, column) ? null : Dialect.NativeType(type, key: false);

    public override void Bind(DbCommand command, string name, Column column, int row, TimeZoneInfo? zone) => command.Parameters.Add(new SqliteParameter(name, column switch
    {
        BytesColumn { Type.Kind: ItemKind.Binary } bytes => bytes[row].ToArray(),
        DoubleColumn number => number[row],
        LongColumn { Type.Kind: not (ItemKind.Date or ItemKind.Timestamp) } number => number[row],
        _ => column.TextAt(row),
    }));

    public override object Instant(long microseconds, TimeZoneInfo? zone) => Temporal.TimestampText(microseconds);

    public override TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh) =>
        new SqliteTransaction(this, (SqliteConnection)connection, settings, target);

    /// <summary>
    /// SQLite keeps any value anywhere but turns text that looks like a number into one where the column's affinity says so; and what the column
    /// declares tells readers how to take it.
    /// </summary>
    static bool Holds(ItemType type, NativeColumn column) => (type.Kind, column.Type) switch
    {
        (ItemKind.String, "text") => column.Length is null || column.Length >= type.Length,
        (ItemKind.Text, "text") => column.Length is null,
        (ItemKind.String or ItemKind.Text, "blob") => column.Spelling.Length == 0,
        (ItemKind.Int32 or ItemKind.Int64, "integer" or "numeric") => true,
        (ItemKind.Boolean, "integer" or "numeric") => true,
        (ItemKind.Decimal, "text") => column.Length is null,
        (ItemKind.Decimal, "numeric" or "real") => type.Precision <= ExactDigits && HoldsDigits(type, column.Spelling),
        (ItemKind.Decimal, "integer") => type.Scale == 0 && type.Precision <= ExactDigits,
        (ItemKind.Double, "real" or "numeric") => true,
        (ItemKind.Date or ItemKind.Timestamp, "text" or "numeric") => true,
        (ItemKind.Date or ItemKind.Timestamp or ItemKind.Binary, "blob") => true,
        _ => false,
    };

    static bool HoldsDigits(ItemType type, string spelling) =>
        SqliteTypes.Natural(spelling) is not { Kind: ItemKind.Decimal } declared || (declared.Scale >= type.Scale && declared.Precision - declared.Scale >= type.Precision - type.Scale);

    /// <summary>By the rules of sqlite.org/datatype3.html, 3.1, in their order.</summary>
    static string Affinity(string declared)
    {
        var type = declared.ToUpperInvariant();
        if (Has("INT")) return "integer";
        if (Has("CHAR") || Has("CLOB") || Has("TEXT")) return "text";
        if (type.Length == 0 || Has("BLOB") || type == "ANY") return "blob";
        return Has("REAL") || Has("FLOA") || Has("DOUB") ? "real" : "numeric";

        bool Has(string part) => type.Contains(part, StringComparison.Ordinal);
    }
}
