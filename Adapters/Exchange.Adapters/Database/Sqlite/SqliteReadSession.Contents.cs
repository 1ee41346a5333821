using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

internal sealed partial class SqliteReadSession
{
    const int PieceBytes = 256 * 1024;

    public override string Contents(ColumnShape column) => $"CAST({Name(column)} AS BLOB)";

    /// <summary>SQLite knows the size of a stored value without reading it.</summary>
    public override string Size(ColumnShape column) => $"octet_length({Name(column)})";

    public override ColumnShape PartOf(ColumnShape column, CellPart part) => column with { Type = part == CellPart.Size ? Natural.Int64 : Natural.Binary };

    /// <summary>By SQLite's incremental input: any other way it would hold the whole value in memory. It goes by the row's number.</summary>
    public override async Task ReadContentsAsync(SourceQuery query, ReadPlan plan, RowBatch key, ColumnShape column, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancel)
    {
        if (query.Table is not { } table) throw new ArgumentException("Contents are read from a table.", nameof(query));
        if (RowNumber(table, plan) is not { } row) return;
        var result = raw.sqlite3_blob_open(Handle, table.Schema ?? "main", table.Name, column.Column, row, 0, out var blob);
        using (blob)
        {
            if (result != raw.SQLITE_OK) throw Fault(result);
            var size = raw.sqlite3_blob_bytes(blob);
            var piece = new byte[Math.Clamp(size, 1, PieceBytes)];
            var at = 0;
            do
            {
                cancel.ThrowIfCancellationRequested();
                var now = Math.Min(piece.Length, size - at);
                result = now == 0 ? raw.SQLITE_OK : raw.sqlite3_blob_read(blob, piece.AsSpan(0, now), at);
                if (result != raw.SQLITE_OK) throw Fault(result);
                await take(piece.AsMemory(0, now));
                at += now;
            }
            while (at < size);
        }
    }

    /// <summary>Of the row whose key stands in the table of keys.</summary>
    /// <exception cref="FrontEndException">Standing: the table has no row numbers.</exception>
    long? RowNumber(TableName table, ReadPlan plan)
    {
        var same = string.Join(" AND ", plan.Key.Select((column, at) => $"{Name(column)} = k.k{at}"));
        using (var has = Prepare("SELECT wr FROM pragma_table_list WHERE schema = ?1 AND name = ?2 COLLATE NOCASE"))
        {
            raw.sqlite3_bind_text(has, 1, table.Schema ?? "main");
            raw.sqlite3_bind_text(has, 2, table.Name);
            if (Step(has) == raw.SQLITE_ROW && raw.sqlite3_column_int(has, 0) != 0)
                throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, $"{table} is a table WITHOUT ROWID, in which SQLite does not read a value piece by piece; one of its values is larger than maxCellBytes.",
                    "Make it an ordinary table, or raise the resource's maxCellBytes above its largest value.");
        }

        using var statement = Prepare($"SELECT s._rowid_ FROM {KeyTable} k CROSS JOIN {plan.From} WHERE {same}");
        return Step(statement) == raw.SQLITE_ROW ? raw.sqlite3_column_int64(statement, 0) : null;
    }
}
