using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>Up to where a server's log has been taken up. Durable and fit to be stored.</summary>
/// <param name="Server">The server and its timeline: a restored or failed over one differs.</param>
/// <param name="Publication">The publication and what it publishes, as the catalog's own numbers: one that was made anew differs.</param>
/// <param name="Position">Everything that was committed before this place (bytes from the log's beginning) has been taken up.</param>
public sealed record WalPoint(string Server, string Publication, long Position);

/// <summary>What stands at the server now.</summary>
public sealed record WalLook
{
    /// <summary>Name of the slot, and of the publication.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="WalPoint"/>.</summary>
    public required string Server { get; init; }

    /// <summary>See <see cref="WalPoint"/>; null: there is none, or it does not publish all changes of the table.</summary>
    public string? Publication { get; init; }

    /// <summary>Whether the slot stands.</summary>
    public bool Slot { get; init; }

    /// <summary>Whether somebody reads from the slot at this moment.</summary>
    public bool Active { get; init; }

    /// <summary>The server's own word: reserved, extended, unreserved or lost; null: the slot is missing or the server is too old to say.</summary>
    public string? WalStatus { get; init; }

    /// <summary>Up to where the slot was confirmed.</summary>
    public long? Confirmed { get; init; }

    /// <summary>Where the durable log ends.</summary>
    public required long Flushed { get; init; }

    /// <summary>Bytes of log that the server keeps for the slot.</summary>
    public long? Lag { get; init; }

    /// <summary>Why changes after the point that was asked about can't be told any more; null: they can, or no point was given.</summary>
    public string? Gap { get; init; }
}

/// <summary>Changes in the order of their commits.</summary>
/// <param name="Keys">Keys that were written: key columns in natural types, in key order, each once; old and new key of an update both. Keys with a NULL are left out.</param>
/// <param name="End">With these and all earlier keys of the session, everything committed before this place is told.</param>
/// <param name="Gap">Not null: what follows can't be told by keys (TRUNCATE, a key that is not in the replica identity any more, lost log), so that only a full can say what is left. The last page.</param>
public sealed record WalPage(RowBatch Keys, long End, string? Gap);

/// <summary>What a glance at a log showed.</summary>
/// <param name="Any">Whether keys are to be told.</param>
/// <param name="End">See <see cref="WalPage.End"/>; where there are none, everything before it may be passed over.</param>
/// <param name="Gap">See <see cref="WalPage.Gap"/>.</param>
public sealed record WalPeek(bool Any, long End, string? Gap);

/// <summary>
/// Follows a database's own log by logical decoding: a publication and a slot are all that stands at the department. A slot makes the server keep its log until it is
/// confirmed, and must be taken away when it is no longer read. Safe for concurrent callers; a slot is read by one at a time.
/// </summary>
public interface IWalCapture
{
    /// <summary>What stands, cheaply.</summary>
    /// <param name="target">The table, and by <see cref="CaptureTarget.Owner"/> whose the slot is.</param>
    /// <param name="from">Null, or the point after which changes are still wanted.</param>
    /// <param name="cancel">Stops.</param>
    Task<WalLook> LookAsync(CaptureTarget target, WalPoint? from, CancellationToken cancel);

    /// <summary>Where the durable log of the server ends: when that has not moved, nothing was committed.</summary>
    Task<long> FlushedAsync(CancellationToken cancel);

    /// <summary>Why this table can't be followed and what to do about it; null: nothing is seen that stands against it. Changes nothing.</summary>
    Task<string?> ObstacleAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>
    /// Makes publication and slot, in place of what stands. Every transaction that committed before the point can be seen by any read that begins after this returns; every later one will be
    /// told by the slot. Waits for transactions that are open, up to a minute. Killed half way: the next call makes both anew.
    /// </summary>
    /// <exception cref="FrontEndException">Standing: an obstacle, with its cure; transient: transactions stayed open.</exception>
    Task<WalPoint> InstallAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>Ends who reads from the slot, and removes slot and publication; nothing of the hub's is left. Does nothing when there is none.</summary>
    Task RemoveAsync(CaptureTarget target, CancellationToken cancel);

    /// <summary>Begins to read what was committed after the point, up to where the log ends now.</summary>
    /// <param name="target">The table.</param>
    /// <param name="from">Changes before it are not told again.</param>
    /// <param name="evict">Whether another that reads from the slot is ended: only for the one reader of this source. Else its reading is a transient fault here.</param>
    /// <param name="cancel">Stops.</param>
    Task<IWalSession> OpenAsync(CaptureTarget target, WalPoint from, bool evict, CancellationToken cancel);
}

/// <summary>One reading of a log. Used by one flow of control. Disposing ends it; what was not confirmed is told again by the next one.</summary>
public interface IWalSession : IAsyncDisposable
{
    /// <summary>
    /// The next keys, or null: everything up to the end that the log had when the session began was told. A transaction of any size is told in pages: nothing grows with it. Rows that are read after
    /// this returned are at least as new as the changes told: a commit stands in the log before others can see it, and that moment is waited for.
    /// </summary>
    /// <param name="keys">About how many keys at most; an update may add one more.</param>
    /// <param name="cancel">Stops.</param>
    Task<WalPage?> ReadAsync(int keys, CancellationToken cancel);

    /// <summary>Whether there is anything to read at all, without waiting until it can be seen. What it looked at is not told by this session any more.</summary>
    Task<WalPeek> PeekAsync(CancellationToken cancel);

    /// <summary>Lets the server forget the log before a place. Only once what was told up to there is durable here. The server may learn of it late, or never if the session is cut: then the slot keeps more than it must.</summary>
    Task ConfirmAsync(long position, CancellationToken cancel);
}
