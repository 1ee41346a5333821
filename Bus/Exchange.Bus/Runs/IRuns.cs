using Exchange.Storage;

namespace Exchange.Bus.Runs;

internal enum RunState
{
    Running,
    Done,
    Failed,
    /// <summary>Stopped by a fault that a person must remove.</summary>
    Held,
    /// <summary>Stopped before anything of it was delivered, because it broke an error limit.</summary>
    Stopped,
    /// <summary>Its process is gone without a word.</summary>
    Abandoned,
}

/// <summary>What a run did. Counters count from its start and never shrink.</summary>
internal sealed record RunRecord
{
    /// <summary>Counts up, used once; 0 before <see cref="IRuns.BeginAsync"/>.</summary>
    public long Id { get; init; }
    public required string Resource { get; init; }
    /// <summary>Null: the run reads a source; else it delivers to this subscription.</summary>
    public string? Subscription { get; init; }
    /// <summary>full, incremental, delivery …</summary>
    public required string Kind { get; init; }
    public RunState State { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    /// <summary>Null while it runs. Of an abandoned run: when that was found.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    /// <summary>When it last said something.</summary>
    public DateTimeOffset SeenAt { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    /// <summary>Refused rows that a good version or a deletion closed.</summary>
    public long Closed { get; init; }
    public long Deleted { get; init; }
    public long DeliveredUpserts { get; init; }
    public long DeliveredDeletes { get; init; }
    public long Batches { get; init; }
    public long Bytes { get; init; }
    /// <summary>Time spent waiting for the source.</summary>
    public TimeSpan WaitedSource { get; init; }
    /// <summary>Time spent waiting for the target.</summary>
    public TimeSpan WaitedTarget { get; init; }
    public string? ErrorCode { get; init; }
    public string? ErrorMessage { get; init; }
    /// <summary>What a person is to do next about the error.</summary>
    public string? Next { get; init; }
    /// <summary>Machine and process.</summary>
    public required string Node { get; init; }
}

/// <summary>
/// The record that every run leaves. Safe for concurrent callers. What was said is durable when a method returns; a killed process leaves its run
/// <see cref="RunState.Running"/> until one of the closing methods is called.
/// </summary>
internal interface IRuns
{
    /// <summary>Writes a new running record; its times and id are set here.</summary>
    /// <returns>The run's id.</returns>
    Task<long> BeginAsync(RunRecord run, CancellationToken cancel);

    /// <summary>Writes counters, waits and error of a run that goes on. Does nothing once it has ended.</summary>
    Task UpdateAsync(RunRecord run, CancellationToken cancel);

    /// <summary>Makes an ended or abandoned run a running one again, inside the caller's write: a run that a fault or a kill cut short goes on under its own number.</summary>
    Task<int> ReopenAsync(StoreSession session, long id, CancellationToken cancel);

    /// <summary>As <see cref="UpdateAsync(RunRecord, CancellationToken)"/> inside the caller's write, so that counts and what was counted stand or fall together.</summary>
    Task UpdateAsync(StoreSession session, RunRecord run, CancellationToken cancel);

    /// <summary>Writes everything and the end. The state must not be running. A run that was taken for abandoned gets its true end.</summary>
    Task EndAsync(RunRecord run, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="resource">Null: all.</param>
    /// <param name="subscription">Null: all.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyList<RunRecord>> ListAsync(string? resource, string? subscription, int most, CancellationToken cancel);

    Task<RunRecord?> FindAsync(long id, CancellationToken cancel);

    /// <summary>
    /// Marks running runs of the resource and subscription (null: those that read its source) as abandoned, inside the caller's write, which asserts the lease. For the holder of the lease that such runs work
    /// under, before it begins its own: whoever else is marked running has lost the lease or its life.
    /// </summary>
    /// <returns>How many.</returns>
    Task<int> CloseAbandonedAsync(StoreSession session, string resource, string? subscription, CancellationToken cancel);

    /// <summary>Removes records of runs that ended before, but of each resource and subscription the newest that ended well.</summary>
    /// <returns>How many.</returns>
    Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancel);

    /// <summary>Running runs that have said nothing for so long: they work at something long, or their process is dead.</summary>
    Task<IReadOnlyList<RunRecord>> SilentAsync(TimeSpan silence, CancellationToken cancel);

    /// <summary>Marks a run as abandoned, unless it has said something since it was read or has ended.</summary>
    /// <returns>Whether it was marked.</returns>
    Task<bool> CloseLostAsync(RunRecord run, CancellationToken cancel);
}
