using Exchange.Storage;

namespace Exchange.Bus.Quarantine;

/// <summary>One broken rule of a row.</summary>
/// <param name="Rule">The rule's name: required, type, length, uscc, code-set, reference, a row rule's own name …</param>
/// <param name="Item">The item; null when the rule is of the whole row.</param>
/// <param name="Value">The value as text.</param>
/// <param name="Message">For people of the provider.</param>
/// <param name="DependsOn">What else the judgement hangs on, so that the row is judged again when that grows: <c>resource/NAME</c> or <c>codeset/NAME</c>; null: the row alone.</param>
internal sealed record BrokenRule(string Rule, string? Item, string? Value, string Message, string? DependsOn = null);

/// <summary>A row refused at intake (<see cref="Subscription"/> null) or for one subscription.</summary>
internal sealed record QuarantinedRow
{
    public long Id { get; init; }
    public required string Resource { get; init; }
    public string? Subscription { get; init; }
    /// <summary><see cref="Contracts.Rows.RowKey"/> text; null when the key itself is broken.</summary>
    public string? Key { get; init; }
    /// <summary>Column (source) or item → value as text, in order.</summary>
    public required IReadOnlyList<KeyValuePair<string, string?>> Values { get; init; }
    public required IReadOnlyList<BrokenRule> Broken { get; init; }
    /// <summary>Number of the batch cut together with the refusal.</summary>
    public required long Batch { get; init; }
    public required long Run { get; init; }
    public required DateTimeOffset RefusedAt { get; init; }
    /// <summary>Null while open.</summary>
    public long? ClosedBatch { get; init; }
    /// <summary>
    /// When refusing: <see cref="IQuarantine.DependencyVersionsAsync"/> as read before the row was judged. What grew between the judgement and the refusal then makes
    /// the row be judged again. Null: the versions at the refusal are taken, and such growth is missed.
    /// </summary>
    public IReadOnlyDictionary<string, long>? JudgedAgainst { get; init; }
}

/// <summary>What waits to be pushed back to a provider: an open error not yet written, or a closed one not yet closed there.</summary>
/// <param name="ErrorId">err_id: stable, unique.</param>
/// <param name="Row">The row, with all its broken rules.</param>
/// <param name="Broken">This one.</param>
/// <param name="ClosedBatch">Set: only err_closed_batch is to be written (after the row itself, if that was not yet).</param>
/// <param name="Written">Whether the error's row was already written there.</param>
internal sealed record PushBackEntry(string ErrorId, QuarantinedRow Row, BrokenRule Broken, long? ClosedBatch, bool Written);

/// <summary>
/// Rows that were refused, in the store. Refusing and closing happen inside the transaction that appends the batch; push-back follows and is repeated
/// until it is recorded as done.
/// </summary>
internal interface IQuarantine
{
    /// <summary>
    /// Opens entries; an open entry of the same resource, subscription and key is closed first (a newer version was judged), unless it was refused with the same batch
    /// and run: rows of one read that share a key are all told. A row that stands in quarantine with the same values for the same reasons keeps its entry, which then counts as
    /// of this batch and run. Answers how many entries were opened.
    /// </summary>
    Task<int> RefuseAsync(StoreSession session, IReadOnlyList<QuarantinedRow> rows, CancellationToken cancel);

    /// <summary>Closes open entries of those keys: a good version was accepted, or the row was deleted.</summary>
    /// <returns>How many rows were closed.</returns>
    Task<long> CloseAsync(StoreSession session, string resource, string? subscription, IReadOnlyCollection<string> keys, long batch, CancellationToken cancel);

    /// <summary>Closes, at the end of a full, open entries of intake (no subscription's) that have no key or whose key the full did not meet, refused before <paramref name="fullRun"/>.</summary>
    Task<long> CloseStaleAsync(StoreSession session, string resource, long fullRun, long batch, CancellationToken cancel);

    /// <summary>Closes, when a full's mark is delivered, open entries of a subscription that were refused before the full began: had the full met their keys, it had judged them anew.</summary>
    Task<long> CloseOlderAsync(StoreSession session, string resource, string subscription, long fullStart, long batch, CancellationToken cancel);

    /// <summary>Broken rules of rows that stand open as refused by that run of intake: how many are of code sets, and how many in all.</summary>
    Task<(long Codes, long All)> BrokenInRunAsync(string resource, long run, CancellationToken cancel);

    /// <summary>Whether any entry is open, cheaply.</summary>
    Task<bool> AnyOpenAsync(string resource, string? subscription, CancellationToken cancel);

    /// <summary>Keys of open entries, after a key text in order of code points, at most so many.</summary>
    Task<IReadOnlyList<string>> OpenKeysAsync(string resource, string? subscription, string? after, int most, CancellationToken cancel);

    /// <summary>Keys of open entries of intake with a broken rule that depends on any of something that has grown since it was judged.</summary>
    Task<IReadOnlyList<string>> KeysToJudgeAgainAsync(string resource, int most, CancellationToken cancel);

    /// <summary>How often each dependency has grown, all committed growth included; one that never grew is not in it (0).</summary>
    Task<IReadOnlyDictionary<string, long>> DependencyVersionsAsync(CancellationToken cancel);

    /// <summary>Notes that something rules may depend on has changed: entries that depend on it are to be judged again.</summary>
    Task GrownAsync(StoreSession session, string dependency, CancellationToken cancel);

    /// <summary>What is to be written at the provider, oldest first, rows refused at intake only. The same again until <see cref="PushedBackAsync"/> records it.</summary>
    Task<IReadOnlyList<PushBackEntry>> ToPushBackAsync(string resource, int most, CancellationToken cancel);

    /// <summary>Records entries, as they were given, as written at the provider. A row that was closed since is given again, to be closed there too.</summary>
    Task PushedBackAsync(IReadOnlyList<PushBackEntry> entries, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<QuarantinedRow>> ListAsync(string? resource, string? subscription, bool openOnly, int most, CancellationToken cancel);
}
