using System.Security.Cryptography;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>
/// Eight hexadecimal digits that tell this hub from others, made at first use and kept in the store: two hubs on one source must not read from one slot. A copied store is the same hub; each then sees
/// that the other has read. Safe for concurrent callers.
/// </summary>
internal sealed class HubId(IStore store)
{
    const int Bytes = 4;

    string? _known;

    public async Task<string> ReadAsync(CancellationToken cancel)
    {
        if (_known is { } known) return known;
        if (await store.ReadAsync(session => FindAsync(session, cancel), cancel) is { } found) return _known = found;
        return _known = await store.WriteAsync(async session =>
        {
            await session.ExecuteAsync("INSERT INTO bus_hub (name, value) VALUES ('id', @id) ON CONFLICT (name) DO NOTHING", cancel, ("id", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes))));
            return (await FindAsync(session, cancel))!;
        }, cancel);
    }

    static Task<string?> FindAsync(StoreSession session, CancellationToken cancel) => session.ScalarAsync<string>("SELECT value FROM bus_hub WHERE name = 'id'", cancel);
}
