using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>Runs one prepared statement for each of many rows, values bound from the columns' own memory.</summary>
internal static class SqliteRows
{
    const int RowsBetweenLooks = 1024; // at the cancellation

    /// <param name="connection">Within its transaction.</param>
    /// <param name="sql">With one ? for each column.</param>
    /// <param name="rows">What is bound.</param>
    /// <param name="cancel">Stops; the transaction is undone by the caller.</param>
    /// <param name="counted">Every row must change one: RAISE(IGNORE) in a trigger drops a row without an error.</param>
    public static void Run(SqliteConnection connection, string sql, RowSelection rows, CancellationToken cancel, bool counted = false)
    {
        var file = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(file, sql, out var statement), file);
        using (statement)
        {
            for (var at = 0; at < rows.Rows.Count; at++)
            {
                if (at % RowsBetweenLooks == 0) cancel.ThrowIfCancellationRequested();
                for (var column = 0; column < rows.Ordinals.Count; column++)
                    Check(Bind(statement, column + 1, rows.Batch.Columns[rows.Ordinals[column]], rows.Rows[at]), file);
                var result = raw.sqlite3_step(statement);
                if (result != raw.SQLITE_DONE) Check(result, file);
                if (counted && raw.sqlite3_changes(file) != 1) throw new RowsNotTakenException(rows.Rows.Count, at);
                Check(raw.sqlite3_reset(statement), file);
            }
        }
    }

    static int Bind(sqlite3_stmt statement, int place, Column column, int row)
    {
        if (column.IsNull(row)) return raw.sqlite3_bind_null(statement, place);
        return column switch
        {
            // SQLite takes an address of nothing for NULL, so what is empty is said to be empty.
            BytesColumn { Type.Kind: ItemKind.Binary } bytes => bytes[row].IsEmpty ? raw.sqlite3_bind_zeroblob(statement, place, 0) : raw.sqlite3_bind_blob(statement, place, bytes[row]),
            BytesColumn text => text[row].IsEmpty ? raw.sqlite3_bind_text(statement, place, "") : raw.sqlite3_bind_text(statement, place, text[row]),
            DoubleColumn number => raw.sqlite3_bind_double(statement, place, number[row]),
            LongColumn { Type.Kind: not (ItemKind.Date or ItemKind.Timestamp) } number => raw.sqlite3_bind_int64(statement, place, number[row]),
            _ => raw.sqlite3_bind_text(statement, place, column.TextAt(row)!),
        };
    }

    static void Check(int result, sqlite3 file) => SqliteException.ThrowExceptionForRC(result, file);
}
