using Exchange.Storage;

namespace Exchange.Bus.Timeliness;

/// <summary>What a light is about.</summary>
/// <param name="Kind">resource or subscription.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct LightKey(string Kind, string Name)
{
    public static LightKey Resource(string name) => new("resource", name);

    public static LightKey Subscription(string name) => new("subscription", name);
}

/// <summary>A light as it was last told.</summary>
/// <param name="Light">Which.</param>
/// <param name="Since">Since when.</param>
/// <param name="Known">Since when the resource or subscription is known: applying it again, changed, does not make it younger.</param>
internal sealed record ToldLight(Light Light, DateTimeOffset Since, DateTimeOffset Known);

/// <summary>Table bus_light: lights as they were last told, so that a change is told once by all nodes together. Safe for concurrent callers.</summary>
internal sealed class LightBook(IStore store)
{
    public async Task<IReadOnlyDictionary<LightKey, ToldLight>> ReadAsync(CancellationToken cancel) => (await store.ReadAsync(session => session.QueryAsync(
        "SELECT kind, name, light, since_at, known_at FROM bus_light",
        row => (new LightKey(row.GetString(0), row.GetString(1)), new ToldLight(Enum.Parse<Light>(row.GetString(2)), StoreTime.FromUnixMicroseconds(row.GetInt64(3)), StoreTime.FromUnixMicroseconds(row.GetInt64(4)))),
        cancel), cancel)).ToDictionary(told => told.Item1, told => told.Item2);

    /// <summary>Writes a light that was told anew, or first.</summary>
    public Task WriteAsync(LightKey key, ToldLight told, CancellationToken cancel) => store.WriteAsync(session => session.ExecuteAsync("""
        INSERT INTO bus_light (kind, name, light, since_at, known_at) VALUES (@kind, @name, @light, @since, @known)
        ON CONFLICT (kind, name) DO UPDATE SET light = excluded.light, since_at = excluded.since_at
        """, cancel, ("kind", key.Kind), ("name", key.Name), ("light", told.Light.ToString()), ("since", told.Since.ToUnixMicroseconds()), ("known", told.Known.ToUnixMicroseconds())), cancel);

    /// <summary>Forgets what is not in the catalogue any more.</summary>
    public Task DeleteAsync(LightKey key, CancellationToken cancel) => store.WriteAsync(session =>
        session.ExecuteAsync("DELETE FROM bus_light WHERE kind = @kind AND name = @name", cancel, ("kind", key.Kind), ("name", key.Name)), cancel);
}
