using System.Data.Common;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>
/// What one engine does differently when it is written to. One sealed class each; stateless and safe for concurrent callers. Transactions are
/// begun and ended by statements, the same on every engine, so that bulk loads need no driver's transaction object.
/// </summary>
internal abstract class TargetEngine(SqlDialect dialect, TimeProvider clock)
{
    /// <summary>Longest time that one statement may take, in seconds: a merge into a large table is slow, a dead server must not hold a worker for ever.</summary>
    public const int StatementSeconds = 600;

    public SqlDialect Dialect { get; } = dialect;

    public TimeProvider Clock { get; } = clock;

    /// <summary>How the engine tells column names apart.</summary>
    public abstract StringComparer Names { get; }

    /// <summary>The literal of a boolean that is not set.</summary>
    public abstract string False { get; }

    public abstract string True { get; }

    public virtual Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) => Dialect.OpenAsync(connection, cancel);

    /// <summary>A fault at a target, classified: the subscriber is who must act.</summary>
    public FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing)
    {
        if (exception is RowsNotTakenException)
            return new FrontEndException(FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber, $"{connection}: {doing}: {exception.Message}.", "Mend the trigger, rule or policy; the row is delivered when the subscription is delivered anew.", exception);
        var fault = Dialect.Classify(exception, connection, doing);
        return fault.Party == Party.Subscriber ? fault : new FrontEndException(fault.Fault, fault.Code, Party.Subscriber, fault.Message, fault.Next, fault.InnerException ?? fault);
    }

    /// <summary>Runs work; its faults come out classified, a cancellation as itself.</summary>
    /// <param name="connection">The target's.</param>
    /// <param name="doing">What is tried at the table, for messages: preparing.</param>
    /// <param name="table">The table.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="FrontEndException">Whatever went wrong.</exception>
    public async Task<T> RunAsync<T>(FrontEndConnection connection, string doing, TableName table, Func<Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (Exception exception) when (!(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw Classify(exception, connection, $"{doing} {connection.Name}.{table}");
        }
    }

    /// <summary>The same on a session of its own.</summary>
    public Task<T> OnSessionAsync<T>(FrontEndConnection connection, string doing, TableName table, Func<DbConnection, Task<T>> work, CancellationToken cancel) => RunAsync(connection, doing, table, async () =>
    {
        await using var session = await OpenAsync(connection, cancel);
        return await work(session);
    }, cancel);

    public abstract Task BeginAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>Names of locks that only the holder of the hub's lease of that subscription asks for.</summary>
    public const string SubscriptionLock = "subscription ";

    /// <summary>
    /// Whoever still holds a <see cref="SubscriptionLock"/> after this time has been overtaken: who asks for it holds the hub's lease, and a process that lives finds out that it has lost the lease, and lets go, within a
    /// third of its duration. What is left is frozen or cut off; where the engine lets us, its session is ended, so that its work is undone and ours goes on.
    /// </summary>
    protected static readonly TimeSpan OvertakenAfter = TimeSpan.FromSeconds(3);

    /// <summary>Between two attempts at a lock.</summary>
    protected static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);

    protected static bool MayBeOvertaken(string name) => name.StartsWith(SubscriptionLock, StringComparison.Ordinal);

    /// <summary>Holds every other session that asks for this name off, until the transaction ends and <see cref="UnlockAsync"/> is called. See <see cref="OvertakenAfter"/>.</summary>
    public abstract Task LockAsync(DbConnection connection, string name, CancellationToken cancel);

    /// <summary>The lock of that name within a transaction, if nobody holds it; nobody is waited for or ended.</summary>
    public abstract Task<bool> TryLockAsync(DbConnection connection, string name, CancellationToken cancel);

    /// <summary>After the transaction has ended, for engines whose locks outlive it.</summary>
    public virtual Task UnlockAsync(DbConnection connection, string name, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Columns in table order.</summary>
    public abstract Task<IReadOnlyList<NativeColumn>> ColumnsAsync(DbConnection connection, TableName table, CancellationToken cancel);

    /// <summary>Whether every value of the type can be kept in the column as it is: null, or the spelling that could.</summary>
    public abstract string? Needed(ItemType type, NativeColumn column);

    /// <summary>What else of this engine makes the table unfit, in whole sentences.</summary>
    public virtual Task<IReadOnlyList<string>> JudgeAsync(DbConnection connection, TargetTable target, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Why the table can't be made, in whole sentences.</summary>
    public virtual IReadOnlyList<string> JudgeNew(TargetTable target) => [];

    /// <summary>The types of a new table's columns, in order.</summary>
    public virtual IReadOnlyList<string> ColumnTypes(DbConnection connection, TargetTable target, IReadOnlyList<TargetColumn> columns) =>
        [.. columns.Select(column => Dialect.NativeType(column.Type, target.Key.Contains(column.Name, StringComparer.Ordinal)))];

    /// <summary>What stands before a column that is added to a table.</summary>
    public virtual string AddColumn => "ADD COLUMN";

    /// <summary>What stands before the key's columns of a new table.</summary>
    public virtual string PrimaryKey(TargetTable target) => "PRIMARY KEY";

    /// <summary>What stands after a column of a new table.</summary>
    public virtual string ColumnOptions(TargetColumn column) => "";

    /// <summary>What stands after the closing parenthesis of a new table.</summary>
    public virtual string TableOptions(DbConnection connection, TargetTable target) => "";

    /// <summary>Statements that follow a new table.</summary>
    public virtual IEnumerable<string> Comments(TargetTable target, IReadOnlyList<TargetColumn> columns) => [];

    /// <summary>The value of a column's row as a parameter of this engine.</summary>
    /// <param name="command">Takes the parameter.</param>
    /// <param name="name">With its @.</param>
    /// <param name="column">Holds the value.</param>
    /// <param name="row">Its row.</param>
    /// <param name="zone">Set when the table's column holds local time.</param>
    public abstract void Bind(DbCommand command, string name, Column column, int row, TimeZoneInfo? zone);

    /// <summary>An instant as a parameter's value.</summary>
    /// <param name="microseconds">Since 1970, UTC.</param>
    /// <param name="zone">Set when the table's column holds local time.</param>
    public abstract object Instant(long microseconds, TimeZoneInfo? zone);

    /// <summary>An expression that is equal only where values are, text compared by code point.</summary>
    public virtual string Exactly(string column, ItemType type) => column;

    /// <summary>What stands at the end of a SELECT that must see what was committed since its transaction began.</summary>
    public virtual string CurrentRead => "";

    /// <summary>What has an INSERT leave rows alone whose key stands already.</summary>
    public virtual string KeepExisting(IReadOnlyList<string> key) => $"ON CONFLICT ({string.Join(", ", key.Select(Dialect.Quote))}) DO NOTHING";

    /// <summary>An INSERT that leaves rows alone whose key stands already.</summary>
    /// <param name="table">Quoted.</param>
    /// <param name="columns">Quoted, with commas.</param>
    /// <param name="rows">Parameters of each row in parentheses, with commas.</param>
    /// <param name="key">The key's columns; texts compare by code point.</param>
    public virtual string InsertNew(string table, string columns, string rows, IReadOnlyList<string> key) => $"INSERT INTO {table} ({columns}) VALUES {rows} {KeepExisting(key)}";

    public abstract TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh);

    /// <summary>Does the work in a transaction that no other session can do at the same time; on engines whose DDL commits, only the latter holds.</summary>
    public async Task ExclusivelyAsync(DbConnection connection, string name, Func<Task> work, CancellationToken cancel)
    {
        await BeginAsync(connection, cancel);
        try
        {
            await LockAsync(connection, name, cancel);
            await work();
            await connection.RunAsync("COMMIT", cancel);
        }
        catch
        {
            await connection.TryAsync("ROLLBACK");
            throw;
        }
        finally
        {
            await UnlockAsync(connection, name, CancellationToken.None);
        }
    }
}

/// <summary>
/// Whether a subscription's rows may be loaded straight into their table, because all of them were new so far. Only a hint that saves
/// time: a wrong one costs one refused load, which is then done the other way.
/// </summary>
internal sealed class FreshTarget
{
    volatile bool _hopeful;

    public bool Hopeful
    {
        get => _hopeful;
        set => _hopeful = value;
    }
}
