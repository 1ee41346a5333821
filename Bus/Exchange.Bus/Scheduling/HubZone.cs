using Exchange.Contracts.Errors;
using Exchange.Storage;

namespace Exchange.Bus.Scheduling;

/// <summary>
/// The hub's time zone: that of schedules which name none, and of the days by which timeliness is told. It is in the store, so that all nodes agree on it. Safe for concurrent callers.
/// </summary>
internal sealed class HubZone(IStore store)
{
    public const string Default = "UTC";

    /// <exception cref="ExchangeException">This machine knows no such zone, though the one where it was set did.</exception>
    public static TimeZoneInfo Find(string zone) => TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found
        : throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Hub, $"This machine knows no time zone '{zone}'.", "Install the package tzdata here, or name another zone in the schedule or by `exchange setup --time-zone`.");

    public Task<string> ReadAsync(CancellationToken cancel) => store.ReadAsync(session => ReadAsync(session, cancel), cancel);

    /// <summary>As part of another read.</summary>
    public static async Task<string> ReadAsync(StoreSession session, CancellationToken cancel) =>
        await session.ScalarAsync<string>("SELECT value FROM bus_hub WHERE name = 'time_zone'", cancel) ?? Default;

    /// <summary>Running hubs follow within seconds.</summary>
    /// <param name="zone">A known IANA name.</param>
    /// <param name="cancel">Stops.</param>
    public Task SetAsync(string zone, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync(
        "INSERT INTO bus_hub (name, value) VALUES ('time_zone', @zone) ON CONFLICT (name) DO UPDATE SET value = excluded.value", cancel, ("zone", zone)), cancel);
}
