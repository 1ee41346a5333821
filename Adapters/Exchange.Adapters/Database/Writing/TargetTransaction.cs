using System.Data.Common;
using System.Globalization;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>
/// The course of a transaction, the same on every engine: begun and locked at the first call, each write behind a savepoint so that a row
/// error undoes that call alone, every fault classified. After any other fault only disposing is left.
/// </summary>
internal abstract class TargetTransaction(TargetEngine engine, DbConnection connection, FrontEndConnection settings, TargetTable target) : ITargetTransaction
{
    protected const string Savepoint = "exchange_write";

    readonly AppliedLedger _ledger = new(engine, target.Table);
    readonly string _lock = TargetEngine.SubscriptionLock + target.Subscription;
    RowGuard? _guard;
    bool _begun;
    bool _ended;
    bool _broken;

    protected TargetEngine Engine { get; } = engine;

    protected DbConnection Connection { get; } = connection;

    protected TargetTable Target { get; } = target;

    protected KeyScope Scope { get; } = new(target);

    /// <summary>The zone of columns without one; null when it is UTC.</summary>
    protected TimeZoneInfo? LocalZone { get; } = LocalTime.Zone(settings);

    /// <summary>The target's columns as the engine keeps them, in the order of <see cref="TargetTable.Columns"/>.</summary>
    protected IReadOnlyList<NativeColumn> Native { get; private set; } = [];

    /// <summary>Whether the table has the tombstone columns, so that an upsert must clear them.</summary>
    protected bool HasTombstone { get; private set; }

    protected string Table => Engine.Dialect.Quote(Target.Table);

    /// <summary>The key's places among <see cref="TargetTable.Columns"/>, in key order.</summary>
    protected IReadOnlyList<int> KeyOrdinals { get; } = [.. target.Key.Select(key => target.Columns.TakeWhile(column => column.Name != key).Count())];

    public Task<LedgerEntry?> LastAppliedAsync(CancellationToken cancel) =>
        RunAsync("reading exchange_applied for", () => _ledger.LastAsync(Connection, Target.Subscription, cancel), cancel);

    public Task<ApplyCount> ApplyAsync(RowBatch rows, CancellationToken cancel) => RunAsync("writing", async () =>
    {
        var ordinals = Ordinals(rows);
        Guard.Check(rows, ordinals);
        var upserts = Rows(rows, RowOperation.Upsert);
        var deletes = Target.Deletes == DeletePolicy.Ignore ? [] : Rows(rows, RowOperation.Delete);
        if (upserts.Count == 0 && deletes.Count == 0) return new ApplyCount(0, 0);
        return await KeptApartAsync(async () =>
        {
            if (upserts.Count > 0) await UpsertAsync(new RowSelection(rows, ordinals, upserts), cancel);
            var deleted = deletes.Count > 0 ? await DeleteAsync(new RowSelection(rows, [.. KeyOrdinals.Select(key => ordinals[key])], deletes), cancel) : 0;
            await SettleAsync(cancel);
            return new ApplyCount(upserts.Count, deleted);
        }, cancel);
    }, cancel);

    public Task<IReadOnlyList<string>> KeepAsync(IReadOnlyCollection<string> references, CancellationToken cancel) => RunAsync<IReadOnlyList<string>>("keeping attachments beside", async () =>
    {
        var marks = new AttachmentMarks(Engine, Target.Table);
        await marks.UnmarkAsync(Connection, references, cancel);
        var missing = await MissingAsync(cancel);
        // A transaction that is made anew had its marks again for a moment, and a sweep may have been faster.
        Done(async again =>
        {
            await marks.UnmarkAsync(Connection, references, again);
            if ((await MissingAsync(again)).Except(missing).FirstOrDefault() is { } gone)
                throw new FrontEndException(FrontEndFault.Transient, ErrorCodes.FrontEndFailed, Party.Subscriber, $"The attachment {gone} was removed while the transaction of its rows was made anew.", "It is sent again.");
        });
        return missing;

        async Task<IReadOnlyList<string>> MissingAsync(CancellationToken looking)
        {
            var standing = await marks.StandingAsync(Connection, references, current: true, looking);
            return [.. references.Where(reference => !standing.Contains(reference))];
        }
    }, cancel);

    public Task<long> CountAsync(CancellationToken cancel) => RunAsync("counting the rows of", async () =>
    {
        await using var command = Connection.Command("");
        command.CommandText = $"SELECT count(*) FROM {Table} AS t WHERE 1 = 1{Standing}{Scope.Bind(Engine, command, "t", ZoneOf)}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }, cancel);

    public Task<long> DuplicatesAsync(IReadOnlyList<string> columns, CancellationToken cancel) => RunAsync("looking for duplicates in", async () =>
    {
        await using var command = Connection.Command("");
        var values = columns.Select(column => Engine.Exactly("t." + Engine.Dialect.Quote(column), Target.Columns[Ordinal(column)].Type)).ToList();
        var whole = string.Concat(columns.Select(column => $" AND t.{Engine.Dialect.Quote(column)} IS NOT NULL"));
        command.CommandText = $"SELECT count(*) FROM (SELECT count(*) AS copies FROM {Table} AS t WHERE 1 = 1{whole}{Standing}{Scope.Bind(Engine, command, "t", ZoneOf)} GROUP BY {string.Join(", ", values)} HAVING count(*) > 1) AS d";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }, cancel);

    public Task AddSeenAsync(RowBatch keys, CancellationToken cancel) => RunAsync("noting seen keys for", async () =>
    {
        Guard.CheckKeys(keys);
        await PrepareSeenAsync(cancel);
        return await KeptApartAsync(async () =>
        {
            await LoadSeenAsync(new RowSelection(keys, [.. Enumerable.Range(0, Target.Key.Count)], [.. Enumerable.Range(0, keys.Count)]), cancel);
            return keys.Count;
        }, cancel);
    }, cancel);

    public Task<long> DeleteUnseenAsync(CancellationToken cancel) => RunAsync("deleting what a full no longer holds from", async () =>
    {
        if (Target.Deletes == DeletePolicy.Ignore) return 0;
        await PrepareSeenAsync(cancel);
        return await KeptApartAsync(async () =>
        {
            var deleted = await RemoveUnseenAsync(cancel);
            await SettleAsync(cancel);
            return deleted;
        }, cancel);
    }, cancel);

    public Task WriteLedgerAsync(LedgerEntry entry, CancellationToken cancel) => RunAsync("writing exchange_applied for", async () =>
    {
        await _ledger.WriteAsync(Connection, Target.Subscription, entry, cancel);
        Done(again => _ledger.WriteAsync(Connection, Target.Subscription, entry, again));
        return true;
    }, cancel);

    public Task ResetLedgerAsync(CancellationToken cancel) => RunAsync("resetting exchange_applied for", async () =>
    {
        await _ledger.ResetAsync(Connection, Target.Subscription, cancel);
        Done(again => _ledger.ResetAsync(Connection, Target.Subscription, again));
        return true;
    }, cancel);

    public Task CommitAsync(CancellationToken cancel) => RunAsync("committing to", async () =>
    {
        await Connection.RunAsync("COMMIT", cancel);
        _ended = true;
        Committed();
        return true;
    }, cancel);

    public async ValueTask DisposeAsync()
    {
        if (_begun)
        {
            if (!_ended) await Connection.TryAsync("ROLLBACK");
            await Engine.UnlockAsync(Connection, _lock, CancellationToken.None);
        }

        await Connection.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>All of them, each key once: new rows are inserted, others updated, tombstones cleared.</summary>
    protected abstract Task UpsertAsync(RowSelection rows, CancellationToken cancel);

    /// <summary>Deletes or marks the rows of those keys; answers how many.</summary>
    protected abstract Task<long> DeleteAsync(RowSelection keys, CancellationToken cancel);

    /// <summary>Makes the temporary table of seen keys when there is none.</summary>
    protected abstract Task PrepareSeenAsync(CancellationToken cancel);

    protected abstract Task LoadSeenAsync(RowSelection keys, CancellationToken cancel);

    protected abstract Task<long> RemoveUnseenAsync(CancellationToken cancel);

    /// <summary>Has constraints that wait for the commit judged now, while the rows that break them can still be told.</summary>
    protected virtual Task SettleAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Called once the transaction stands.</summary>
    protected virtual void Committed()
    {
    }

    /// <summary>What is needed before a savepoint is set.</summary>
    protected virtual string SavepointSql => $"SAVEPOINT {Savepoint}";

    /// <summary>After a write that held.</summary>
    protected virtual Task ReleaseAsync(CancellationToken cancel) => Connection.RunAsync($"RELEASE SAVEPOINT {Savepoint}", cancel);

    /// <summary>After a write that a row refused: nothing of it may stay, and what came before must stand.</summary>
    protected virtual Task UndoAsync(CancellationToken cancel) => Connection.RunAsync($"ROLLBACK TO SAVEPOINT {Savepoint}", cancel);

    /// <summary>Told of each write to the ledger, for engines that may have to do it again.</summary>
    protected virtual void Done(Func<CancellationToken, Task> again)
    {
    }

    /// <summary>Runs a DELETE or UPDATE; answers how many rows it met.</summary>
    protected virtual async Task<long> CountedAsync(DbCommand command, CancellationToken cancel) => await command.ExecuteNonQueryAsync(cancel);

    /// <summary>The zone to write a column in: set where it keeps none.</summary>
    protected TimeZoneInfo? ZoneOf(string column) => LocalZone is not null && Native[Ordinal(column)].Zoneless ? LocalZone : null;

    /// <summary>Runs a DELETE, or the UPDATE that marks rows instead.</summary>
    /// <param name="parts">From the DELETE or UPDATE clause's alias t to a statement; see <see cref="RemovalSql"/>.</param>
    /// <param name="scoped">Whether it must stay inside the subscription's own rows.</param>
    /// <param name="cancel">Stops.</param>
    protected async Task<long> RemoveAsync(RemovalSql parts, bool scoped, CancellationToken cancel)
    {
        await using var command = Connection.Command("");
        var scope = scoped ? Scope.Bind(Engine, command, "t", ZoneOf) : "";
        if (Target.Deletes == DeletePolicy.Tombstone)
        {
            var deleted = Engine.Dialect.Quote(Tombstone.Deleted);
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@now";
            parameter.Value = Engine.Instant(Temporal.Microseconds(Engine.Clock.GetUtcNow()), TombstoneZone);
            command.Parameters.Add(parameter);
            command.CommandText = parts.Update($"{deleted} = {Engine.True}, {Engine.Dialect.Quote(Tombstone.DeletedAt)} = @now", $" AND COALESCE(t.{deleted}, {Engine.False}) = {Engine.False}{scope}");
        }
        else
        {
            command.CommandText = parts.Delete(scope);
        }

        return await CountedAsync(command, cancel);
    }

    /// <summary>t.a = s.a AND …, over the key.</summary>
    protected string KeyMatch(string left, string right) =>
        string.Join(" AND ", Target.Key.Select(key => $"{left}.{Engine.Dialect.Quote(key)} = {right}.{Engine.Dialect.Quote(key)}"));

    protected string Names(IEnumerable<string> columns, string prefix = "") => string.Join(", ", columns.Select(column => prefix + Engine.Dialect.Quote(column)));

    RowGuard Guard => _guard ??= new RowGuard(Target, Native.Zip(Target.Columns).Where(pair => pair.First.DropsBlanks).Select(pair => pair.Second.Name).ToHashSet(StringComparer.Ordinal));

    TimeZoneInfo? TombstoneZone { get; set; }

    /// <summary>A condition: the row is not marked as deleted.</summary>
    string Standing => HasTombstone ? $" AND COALESCE(t.{Engine.Dialect.Quote(Tombstone.Deleted)}, {Engine.False}) = {Engine.False}" : "";

    static List<int> Rows(RowBatch rows, RowOperation operation)
    {
        var selected = new List<int>(rows.Count);
        for (var row = 0; row < rows.Count; row++)
            if (rows.Operations[row] == operation) selected.Add(row);
        return selected;
    }

    int Ordinal(string column) => Target.Columns.TakeWhile(candidate => candidate.Name != column).Count();

    int[] Ordinals(RowBatch rows)
    {
        var ordinals = new int[Target.Columns.Count];
        for (var at = 0; at < ordinals.Length; at++)
        {
            ordinals[at] = rows.Ordinal(Target.Columns[at].Name);
            if (ordinals[at] < 0) throw new ArgumentException($"The batch has no column '{Target.Columns[at].Name}'.", nameof(rows));
        }

        return ordinals;
    }

    async Task<T> KeptApartAsync<T>(Func<Task<T>> write, CancellationToken cancel)
    {
        await Connection.RunAsync(SavepointSql, cancel);
        try
        {
            var answer = await write();
            await ReleaseAsync(cancel);
            return answer;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var fault = Classified(exception, "writing");
            if (fault.Fault != FrontEndFault.Row) throw fault;
            await UndoAsync(cancel);
            throw fault;
        }
    }

    async Task<T> RunAsync<T>(string doing, Func<Task<T>> work, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        if (_broken) throw new InvalidOperationException("After a fault that is not a row's, a transaction can only be disposed and begun anew.");
        var whole = false;
        try
        {
            if (!_begun) await StartAsync(cancel);
            var answer = await work();
            whole = true;
            return answer;
        }
        catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Row)
        {
            whole = true;
            throw;
        }
        catch (Exception exception) when (exception is not ArgumentException && !(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw Classified(exception, doing);
        }
        finally
        {
            _broken = !whole;
        }
    }

    async Task StartAsync(CancellationToken cancel)
    {
        await Engine.BeginAsync(Connection, cancel);
        _begun = true;
        await Engine.LockAsync(Connection, _lock, cancel);
        var columns = await Engine.ColumnsAsync(Connection, Target.Table, cancel);
        Native = [.. Target.Columns.Select(column => Find(columns, column.Name) ?? new NativeColumn(column.Name, "", ""))];
        HasTombstone = Find(columns, Tombstone.Deleted) is not null && Find(columns, Tombstone.DeletedAt) is not null && Ordinal(Tombstone.Deleted) == Target.Columns.Count;
        TombstoneZone = Find(columns, Tombstone.DeletedAt) is { Zoneless: true } ? LocalZone : null;
    }

    NativeColumn? Find(IReadOnlyList<NativeColumn> columns, string name) =>
        columns.FirstOrDefault(column => column.Name == name) ?? columns.FirstOrDefault(column => Engine.Names.Equals(column.Name, name));

    FrontEndException Classified(Exception exception, string doing) =>
        Engine.Classify(exception, settings, string.Create(CultureInfo.InvariantCulture, $"{doing} {settings.Name}.{Target.Table}"));
}

/// <summary>Rows and columns of a batch that are sent together.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Ordinals">Its columns, in the order in which they are sent.</param>
/// <param name="Rows">Its rows.</param>
internal sealed record RowSelection(RowBatch Batch, IReadOnlyList<int> Ordinals, IReadOnlyList<int> Rows);

/// <summary>How an engine says which rows go: the same choice as a DELETE and as an UPDATE.</summary>
/// <param name="Delete">From a further condition (beginning with AND, or empty) to the statement.</param>
/// <param name="Update">From assignments and a further condition to the statement.</param>
internal sealed record RemovalSql(Func<string, string> Delete, Func<string, string, string> Update);
