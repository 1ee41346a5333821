using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Quality;

/// <summary>
/// Which value tuples the rows of a resource hold now: answers `unique` and references without reading a log. Kept only for the item sets that some rule
/// asks for, in the transaction that appends; built from the log when a rule comes later.
/// </summary>
internal interface IKnownValues
{
    /// <summary>
    /// Which of the tuples stand in <paramref name="resource"/>, and under which key digests (at most two are told: enough to see whether another row holds it).
    /// </summary>
    /// <param name="resource">The resource that is looked into.</param>
    /// <param name="items">The item set, sorted by name.</param>
    /// <exception cref="InvalidOperationException">The set is not built (<see cref="IsBuiltAsync"/>).</exception>
    /// <param name="tuples"><see cref="RowKey.Text(IReadOnlyList{string?})"/> of the values, in the order of <paramref name="items"/>.</param>
    /// <param name="own">The resource itself asks: while a full takes the place of its rows, only what that full has brought counts.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> FindAsync(string resource, IReadOnlyList<string> items, IReadOnlyCollection<string> tuples, bool own, CancellationToken cancel);

    /// <summary>
    /// Brings the index up to a batch that is being appended, in the same transaction. Call it for every batch with rows, also when no rule asks for an item set any
    /// more or yet: all sets that are built are kept up, and a set that is just being built is kept from missing this batch. Tuples with a null are not kept.
    /// </summary>
    Task ApplyAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, RowBatch rows, IReadOnlyList<int> keyOrdinals, CancellationToken cancel);

    /// <summary>
    /// Builds the sets from the log: from the newest complete full on, or from the beginning. For a set that is not built (a rule came after the data), at the end of
    /// a full (removes keys that stand in none of the full's batches nor since), and after batches were discarded. Batch by batch, beside readers and appenders;
    /// what was built before answers until the new one takes its place. Not within a write. Killed, it is as if it had not begun.
    /// </summary>
    /// <exception cref="Contracts.Errors.ExchangeException">hub.lease.busy: another process rebuilds the same set; hub.resource.unknown; hub.resource.held: the key changed.</exception>
    Task RebuildAsync(string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel);

    /// <summary>
    /// Begins sets that a full fills which takes the place of all rows: they are kept up beside the built ones from the next <see cref="ApplyAsync"/> on. What an earlier full has begun to fill goes.
    /// </summary>
    Task BeginFillingAsync(StoreSession session, string resource, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel);

    /// <summary>Puts the filled sets into the built ones' place, in the transaction that ends the full.</summary>
    Task EndFillingAsync(StoreSession session, string resource, CancellationToken cancel);

    /// <summary>Gives up what such a full has begun to fill: it will not be ended.</summary>
    Task AbandonFillingAsync(StoreSession session, string resource, CancellationToken cancel);

    /// <summary>Removes values of sets that were replaced, a piece at a time; for now and then. Killed, the next call goes on.</summary>
    Task SweepAsync(CancellationToken cancel);

    /// <summary>Whether the index of that item set has been built.</summary>
    Task<bool> IsBuiltAsync(string resource, IReadOnlyList<string> items, CancellationToken cancel);
}
