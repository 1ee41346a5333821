using System.Globalization;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// Rows are bulk-copied into a temporary table and merged from there by UPDATE and INSERT, or straight into the target while all of them are new. A refused row leaves the transaction
/// whole, unless the server ends it: for an error inside a trigger, a ROLLBACK in one, a conversion. Then what came before is done again in a new transaction, under the lock that the session
/// still holds, and the row is refused as any other. The writes that are kept for that are one delivery's: a batch, or small ones joined.
/// </summary>
internal sealed partial class SqlServerTransaction(SqlServerTarget engine, SqlServerSession session, FrontEndConnection settings, TargetTable target, FreshTarget fresh)
    : TargetTransaction(engine, session, settings, target)
{
    const string DirectLoad = "exchange_direct";

    readonly List<Func<CancellationToken, Task>> _done = [];
    readonly List<Func<CancellationToken, Task>> _doing = [];
    bool _seen;
    bool _probed;
    bool _merged;
    bool? _mayDrop;

    protected override string SavepointSql => $"SAVE TRANSACTION {Savepoint}";

    /// <summary>A savepoint of this engine is given up by setting it anew.</summary>
    protected override Task ReleaseAsync(CancellationToken cancel)
    {
        _done.AddRange(_doing);
        _doing.Clear();
        return Task.CompletedTask;
    }

    protected override void Done(Func<CancellationToken, Task> again) => _done.Add(again);

    protected override async Task UndoAsync(CancellationToken cancel)
    {
        _doing.Clear();
        if (await StandsAsync(cancel))
        {
            await Connection.RunAsync($"ROLLBACK TRANSACTION {Savepoint}", cancel);
            return;
        }

        if (_seen)
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndFailed, Party.Subscriber,
                $"{Target.Table}: a trigger or constraint of the database ended the whole transaction while rows were deleted that a full no longer holds.", "Mend the trigger, or let it refuse a row by an error of its own, then resume.");
        await Engine.BeginAsync(Connection, cancel);
        try
        {
            foreach (var again in _done) await again(cancel);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new FrontEndException(FrontEndFault.Transient, ErrorCodes.FrontEndFailed, Party.Subscriber,
                $"{Target.Table}: the server ended the transaction, and what came before could not be done again: {exception.Message}", "It is tried again; nothing needs to be done unless it lasts.", exception);
        }
    }

    protected override async Task UpsertAsync(RowSelection rows, CancellationToken cancel)
    {
        _doing.Add(again => WriteAsync(rows, again));
        await WriteAsync(rows, cancel);
    }

    protected override async Task<long> DeleteAsync(RowSelection keys, CancellationToken cancel)
    {
        _doing.Add(again => TakeAwayAsync(keys, again));
        return await TakeAwayAsync(keys, cancel);
    }

    protected override async Task PrepareSeenAsync(CancellationToken cancel)
    {
        if (_seen) return;
        await CreateAsync(Seen, Target.Key, cancel);
        _seen = true;
    }

    protected override Task LoadSeenAsync(RowSelection keys, CancellationToken cancel) => StageAsync(Seen, Target.Key, keys, cancel);

    protected override Task<long> RemoveUnseenAsync(CancellationToken cancel)
    {
        var unseen = $"NOT EXISTS (SELECT 1 FROM {Seen} AS s WHERE {StagedMatch(Target.Key)})";
        return RemoveAsync(
            new RemovalSql(scope => $"DELETE t FROM {Table} AS t WHERE {unseen}{scope}", (set, scope) => $"UPDATE t SET {set} FROM {Table} AS t WHERE {unseen}{scope}"),
            scoped: true, cancel);
    }

    /// <summary>The count of the statement itself: what its triggers do would be added to what the driver tells.</summary>
    protected override async Task<long> CountedAsync(System.Data.Common.DbCommand command, CancellationToken cancel)
    {
        var count = new SqlParameter("@exchange_rows", System.Data.SqlDbType.BigInt) { Direction = System.Data.ParameterDirection.Output };
        command.Parameters.Add(count);
        command.CommandText += "; SET @exchange_rows = ROWCOUNT_BIG()";
        await command.ExecuteNonQueryAsync(cancel);
        return Convert.ToInt64(count.Value, CultureInfo.InvariantCulture);
    }

    protected override void Committed()
    {
        _done.Clear();
        if (_probed) fresh.Hopeful &= !_merged;
    }

    async Task WriteAsync(RowSelection rows, CancellationToken cancel)
    {
        if (await LoadedDirectlyAsync(rows, cancel)) return;
        _merged = true;
        var columns = Target.Columns.Select(column => column.Name).ToList();
        await CreateAsync(Stage, columns, cancel);
        await StageAsync(Stage, columns, rows, cancel);
        await CodePagesAsync(columns, cancel);
        foreach (var statement in Merge(columns)) await Connection.RunAsync(statement, cancel);
        if (await MayDropRowsAsync(cancel)) await AllStandAsync(rows.Rows.Count, cancel);
    }

    async Task<long> TakeAwayAsync(RowSelection keys, CancellationToken cancel)
    {
        await CreateAsync(Gone, Target.Key, cancel);
        await StageAsync(Gone, Target.Key, keys, cancel);
        var from = $"FROM {Gone} AS s INNER JOIN {Table} AS t ON {StagedMatch(Target.Key)}";
        var removed = await RemoveAsync(
            new RemovalSql(scope => $"DELETE t {from} WHERE 1 = 1{scope}", (set, scope) => $"UPDATE t SET {set} {from} WHERE 1 = 1{scope}"),
            scoped: false, cancel);
        if (await MayDropRowsAsync(cancel)) await AllGoneAsync(removed, cancel);
        return removed;
    }

    /// <summary>Every row that was sent stands.</summary>
    async Task AllStandAsync(int sent, CancellationToken cancel)
    {
        await using var command = Connection.Command($"SELECT COUNT_BIG(*) FROM {Stage} AS s WHERE EXISTS (SELECT 1 FROM {Table} AS t WHERE {StagedMatch(Target.Columns.Select(column => column.Name))})");
        var standing = (long)(await command.ExecuteScalarAsync(cancel))!;
        if (standing < sent) throw new RowsNotTakenException(sent, standing);
    }

    /// <summary>Nothing that was to go still stands.</summary>
    async Task AllGoneAsync(long removed, CancellationToken cancel)
    {
        var standing = Target.Deletes == DeletePolicy.Tombstone ? $" WHERE COALESCE(t.{Engine.Dialect.Quote(Tombstone.Deleted)}, 0) = 0" : "";
        await using var command = Connection.Command($"SELECT COUNT_BIG(*) FROM {Gone} AS s INNER JOIN {Table} AS t ON {StagedMatch(Target.Key)}{standing}");
        var left = (long)(await command.ExecuteScalarAsync(cancel))!;
        if (left > 0) throw new RowsNotTakenException(removed + left, removed);
    }

    /// <summary>Triggers may undo a write without an error, and an index with IGNORE_DUP_KEY passes a row over. OBJECTPROPERTY tells of triggers also who may not see them.</summary>
    async Task<bool> MayDropRowsAsync(CancellationToken cancel)
    {
        if (_mayDrop is { } known) return known;
        await using var command = SqlServerDialect.OfTable(Connection, """
            SELECT CASE WHEN OBJECTPROPERTY(OBJECT_ID(@table), 'TableHasInsertTrigger') = 1 OR OBJECTPROPERTY(OBJECT_ID(@table), 'TableHasUpdateTrigger') = 1
                OR OBJECTPROPERTY(OBJECT_ID(@table), 'TableHasDeleteTrigger') = 1
                OR EXISTS (SELECT 1 FROM sys.indexes AS i WHERE i.object_id = OBJECT_ID(@table) AND i.ignore_dup_key = 1) THEN 1 ELSE 0 END
            """, Table);
        _mayDrop = await command.ExecuteScalarAsync(cancel) is 1;
        return _mayDrop.Value;
    }

    /// <summary>
    /// Tries the short way while every row so far was new. Another writer may bring a row of the same key at any moment, so the table's own constraints are the judge: refused, by the
    /// server or, for a value that does not fit its column, by the driver, the load leaves nothing and the rows take the long way.
    /// </summary>
    async Task<bool> LoadedDirectlyAsync(RowSelection rows, CancellationToken cancel)
    {
        if (!_probed)
        {
            _probed = true;
            await using var command = Connection.Command($"SELECT CASE WHEN EXISTS (SELECT 1 FROM {Table}) THEN 1 ELSE 0 END");
            fresh.Hopeful |= await command.ExecuteScalarAsync(cancel) is 0;
        }

        if (!fresh.Hopeful || _merged || await MayDropRowsAsync(cancel) || !Native.Zip(Target.Columns).All(pair => IsSent(pair.Second.Type, pair.First))) return false;
        await Connection.RunAsync($"SAVE TRANSACTION {DirectLoad}", cancel);
        try
        {
            IEnumerable<string> columns = Native.Select(column => column.Name);
            await SqlServerLoad.SendAsync(session, Table, [.. HasTombstone ? columns.Append(Tombstone.Deleted).Append(Tombstone.DeletedAt) : columns], rows, [.. Target.Columns.Select(column => ZoneOf(column.Name))],
                HasTombstone ? [false, DBNull.Value] : [], temporary: false, cancel);
            return true;
        }
        catch (Exception exception) when (exception is SqlException { Number: 2601 or 2627 } or InvalidOperationException && !cancel.IsCancellationRequested)
        {
            fresh.Hopeful = false;
            if (!await StandsAsync(cancel)) throw;
            await Connection.RunAsync($"ROLLBACK TRANSACTION {DirectLoad}", cancel);
            return false;
        }
    }

    /// <summary>Whether the transaction is still there and can go on.</summary>
    async Task<bool> StandsAsync(CancellationToken cancel)
    {
        await using var command = Connection.Command("SELECT CONVERT(int, XACT_STATE())");
        return await command.ExecuteScalarAsync(cancel) is 1;
    }

    Task StageAsync(string table, IReadOnlyList<string> columns, RowSelection rows, CancellationToken cancel) =>
        SqlServerLoad.SendAsync(session, table, [.. columns.Select(StageName)], rows, [.. columns.Select(ZoneOf)], [], temporary: true, cancel);
}
