using System.Data.Common;

namespace Exchange.Storage;

public enum StoreEngine { Sqlite, PostgreSql }

/// <summary>
/// The hub's relational store. Safe for concurrent callers, within a process and between processes. What a committed write said is durable
/// (SQLite: WAL with synchronous=FULL; PostgreSQL: as the server is set up, synchronous_commit expected on) and survives kill -9 and power loss.
/// </summary>
public interface IStore : IAsyncDisposable
{
    StoreEngine Engine { get; }

    /// <summary>Folder of this hub's files (batch payloads with SQLite, the key of the secrets). Exists.</summary>
    string DataFolder { get; }

    /// <summary>Whether the current flow of control is inside a write: one that waited for another write would wait for itself.</summary>
    bool Writing { get; }

    /// <summary>Runs reads on one connection, without a transaction around them.</summary>
    Task<T> ReadAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel);

    /// <summary>
    /// Runs work in one transaction (SQLite: BEGIN IMMEDIATE) and commits. Transient faults (busy, serialization, deadlock, lost connection before the
    /// commit) run it again, a few times with back-off: work must have no effects outside the session. Any exception undoes everything.
    /// </summary>
    Task<T> WriteAsync<T>(Func<StoreSession, Task<T>> work, CancellationToken cancel);
}

/// <summary>
/// One connection of the store while some work has it. SQL is written once for both engines: parameters are @name, times are bigint microseconds
/// since 1970 UTC, flags are integers 0/1, JSON is text. Not safe for concurrent use.
/// </summary>
public abstract class StoreSession
{
    public abstract StoreEngine Engine { get; }

    public abstract DbConnection Connection { get; }

    public abstract DbTransaction? Transaction { get; }

    /// <summary>Whether this is a write.</summary>
    public abstract bool Writes { get; }

    List<Action>? _afterCommit;

    /// <summary>Runs once this write has committed in this process; never when it was undone. Must be short and must not throw.</summary>
    public void AfterCommit(Action action)
    {
        if (!Writes) throw new InvalidOperationException("Only a write commits.");
        (_afterCommit ??= []).Add(action);
    }

    /// <summary>
    /// The write's last statement, which travels together with the commit and so costs no round trip of its own. It fails when nothing of this write may stay: then all is undone and
    /// its failure thrown. At most one a write; what it answers is not read.
    /// </summary>
    public void CommitWith(string sql, params (string Name, object? Value)[] parameters)
    {
        if (!Writes) throw new InvalidOperationException("Only a write commits.");
        if (Last is not null) throw new InvalidOperationException("A write has one last statement.");
        Last = (sql, parameters);
    }

    internal (string Sql, (string Name, object? Value)[] Parameters)? Last { get; private set; }

    internal void RunAfterCommit() => _afterCommit?.ForEach(action => action());

    /// <summary>A command on this connection and transaction. Null values become DBNull; int, long, string, byte[], bool (as 0/1) are taken.</summary>
    public DbCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = Connection.CreateCommand();
        command.Transaction = Transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, Value(value));
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>As parameters take it.</summary>
    protected internal static object Value(object? value) => value switch { null => DBNull.Value, bool flag => flag ? 1 : 0, _ => value };

    /// <summary>Rows changed.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>First column of the first row, or default when there is no row or it is NULL.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancel, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        var value = await command.ExecuteScalarAsync(cancel);
        return value is null or DBNull ? default : (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> map, CancellationToken cancel, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancel)) rows.Add(map(reader));
        return rows;
    }
}

/// <summary>
/// One step in a module's tables. <see cref="Sql"/> is written once; the tokens <c>{identity}</c> (a bigint primary key that counts up and is never used twice),
/// <c>{bytes}</c> and <c>{engine:sqlite}…{end}</c> / <c>{engine:postgresql}…{end}</c> stand for what differs.
/// </summary>
/// <param name="Module">bus, svc, case, mon, sec; also the prefix of the tables.</param>
/// <param name="Number">From 1, without gaps; a migration that has been released is never changed.</param>
/// <param name="Name">What it brings, for people.</param>
/// <param name="Sql">Statements.</param>
public sealed record Migration(string Module, int Number, string Name, string Sql)
{
    /// <summary>SHA-256 (lower case, hexadecimal) of texts that an earlier program applied under this number, and after which a store serves as well: it is taken as it is.</summary>
    public IReadOnlyList<string> Formerly { get; init; } = [];
}

/// <summary>A right to be the only one at something, for a while, with a fence against those who lost it and do not know.</summary>
/// <param name="Name">What is held, e.g. source:check-action.</param>
/// <param name="Fence">Higher at each new holder.</param>
/// <param name="Owner">Process and machine, for messages.</param>
public sealed record Lease(string Name, long Fence, string Owner);

/// <summary>Leases in the store. Time is the store's clock where it has one (PostgreSQL), else this process's.</summary>
public interface ILeases
{
    /// <summary>The lease, or null while another holds it (see <see cref="HolderAsync"/>).</summary>
    Task<Lease?> TryAcquireAsync(string name, TimeSpan duration, CancellationToken cancel);

    /// <summary>False: it was lost.</summary>
    Task<bool> RenewAsync(Lease lease, TimeSpan duration, CancellationToken cancel);

    Task ReleaseAsync(Lease lease, CancellationToken cancel);

    /// <summary>Within a write: throws hub.lease.lost unless the fence is still the newest, and keeps others off until the transaction ends.</summary>
    Task AssertHeldAsync(StoreSession session, Lease lease, CancellationToken cancel);

    /// <summary>Who holds it now, or null.</summary>
    Task<string?> HolderAsync(string name, CancellationToken cancel);
}
