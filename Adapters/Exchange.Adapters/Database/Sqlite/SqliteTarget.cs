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

    public override Task<bool> TryLockAsync(DbConnection connection, string name, CancellationToken cancel) => Task.FromResult(true);

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

    public override string Exactly(string column, ItemType type) => type.IsText ? column + " COLLATE BINARY" : column;

    public override object Instant(long microseconds, TimeZoneInfo? zone) => Temporal.TimestampText(microseconds);

    public override TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh) =>
        new SqliteTransaction(this, (SqliteConnection)connection, settings, target);

    /// <summary>
    /// SQLite keeps any value anywhere, but the affinity of a column turns text that looks like a number into one, and what the column declares tells
    /// readers how to take what stands there: both must agree with the item.
    /// </summary>
    static bool Holds(ItemType type, NativeColumn column)
    {
        var natural = SqliteTypes.Natural(column.Spelling);
        var anyText = natural.Kind == ItemKind.Text && (column.Type == "text" || column.Spelling.Length == 0);
        return (type.Kind, natural.Kind) switch
        {
            (ItemKind.String, ItemKind.String) => natural.Length >= type.Length,
            (ItemKind.String or ItemKind.Text or ItemKind.Date or ItemKind.Timestamp, ItemKind.Text) => anyText,
            (ItemKind.Int32 or ItemKind.Boolean, ItemKind.Int32 or ItemKind.Int64) or (ItemKind.Int64, ItemKind.Int64) => true,
            (ItemKind.Int32, ItemKind.Decimal) => HoldsDigits(natural, 10, 0),
            (ItemKind.Int64, ItemKind.Decimal) => HoldsDigits(natural, 19, 0),
            (ItemKind.Decimal, ItemKind.Text) => anyText && column.Type == "text",
            (ItemKind.Decimal, ItemKind.Decimal) => HoldsDigits(natural, type.Precision - type.Scale, type.Scale) && (column.Type == "text" || type.Precision <= ExactDigits),
            (ItemKind.Decimal, ItemKind.Double) => type.Precision <= ExactDigits,
            (ItemKind.Decimal, ItemKind.Int64) => type.Scale == 0 && type.Precision <= ExactDigits,
            (ItemKind.Binary, ItemKind.Text) => column.Spelling.Length == 0,
            var (wanted, found) => wanted == found && type.Kind is not (ItemKind.String or ItemKind.Text),
        };
    }

    static bool HoldsDigits(ItemType declared, int before, int after) => declared.Scale >= after && declared.Precision - declared.Scale >= before;

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
