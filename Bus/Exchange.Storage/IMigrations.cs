using Exchange.Contracts.Errors;

namespace Exchange.Storage;

/// <summary>
/// Brings the store's tables to what the program needs. The store's own tables (leases) come first without being listed. Each <see cref="Migration.Module"/> is a
/// stream of its own; streams that the list does not name are left alone. Safe for concurrent callers in any number of processes.
/// </summary>
public interface IMigrations
{
    /// <summary>Applies what is missing, in the list's order, in one transaction: all or nothing, also after kill -9.</summary>
    /// <returns>What was applied; empty when nothing was missing.</returns>
    /// <exception cref="ExchangeException">hub.store.outdated: the store has newer tables than this program; hub.store.damaged: a migration applied earlier reads otherwise now.</exception>
    Task<IReadOnlyList<Migration>> MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken cancel);

    /// <summary>Changes nothing.</summary>
    /// <exception cref="ExchangeException">hub.store.outdated: something is missing (run exchange setup), or the store is newer than this program; hub.store.damaged as above.</exception>
    Task CheckAsync(IReadOnlyList<Migration> migrations, CancellationToken cancel);
}
