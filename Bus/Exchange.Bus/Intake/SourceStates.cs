using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>Why a source is not read, for people; the next attempt tries again.</summary>
internal sealed record Hold(string Code, Party Party, string Message, string Next, DateTimeOffset Since);

/// <summary>What the store knows of a source.</summary>
internal sealed record SourceState(SourcePosition Position, Hold? Hold);

/// <summary>Positions and holds of sources, in table bus_source. Safe for concurrent callers; positions are written under the source's lease only.</summary>
internal sealed class SourceStates(IStore store, ILeases leases)
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-intake", 1, "positions and holds of sources", """
            create table bus_source (
                resource text not null primary key,
                position text not null,
                held_code text null,
                held_party text null,
                held_message text null,
                held_next text null,
                held_since bigint null,
                seen {bytes} null
            );
            """),
    ];

    public Task<SourceState> ReadAsync(string resource, CancellationToken cancel) => store.ReadAsync(async session =>
    {
        var found = await session.QueryAsync(
            "select position, held_code, held_party, held_message, held_next, held_since from bus_source where resource = @resource",
            row => new SourceState(
                JsonSerializer.Deserialize<SourcePosition>(row.GetString(0)) ?? new SourcePosition(),
                row.IsDBNull(1) ? null : new Hold(row.GetString(1), Enum.Parse<Party>(row.GetString(2)), row.GetString(3), row.GetString(4), StoreTime.FromUnixMicroseconds(row.GetInt64(5)))),
            cancel, ("resource", resource));
        return found.FirstOrDefault() ?? new SourceState(new SourcePosition(), null);
    }, cancel);

    /// <summary>Stores a position inside the caller's write and lifts a hold.</summary>
    public static Task SaveAsync(StoreSession session, string resource, SourcePosition position, CancellationToken cancel) => session.ExecuteAsync("""
        insert into bus_source (resource, position) values (@resource, @position)
        on conflict (resource) do update set position = excluded.position,
            held_code = null, held_party = null, held_message = null, held_next = null, held_since = null
        """, cancel, ("resource", resource), ("position", JsonSerializer.Serialize(position)));

    /// <summary>Stores a position in a write of its own. A reader that has lost its source meanwhile is refused: what the new one has noted stands.</summary>
    public Task SaveAsync(Lease lease, string resource, SourcePosition position, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        await SaveAsync(session, resource, position, cancel);
        return 0;
    }, cancel);

    /// <summary>Stores a position that asks for a full, and what belongs to it, in a write of its own. A hold stays: nothing was read.</summary>
    public Task WantFullAsync(Lease lease, string resource, SourcePosition position, Func<StoreSession, Task> besides, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        await besides(session);
        return await session.ExecuteAsync("""
            insert into bus_source (resource, position) values (@resource, @position)
            on conflict (resource) do update set position = excluded.position
            """, cancel, ("resource", resource), ("position", JsonSerializer.Serialize(position)));
    }, cancel);

    /// <summary>Stores a position and lifts a hold, together with what belongs to it.</summary>
    /// <param name="lease">The source's.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="position">What then holds.</param>
    /// <param name="besides">Written first, in the same transaction; false: the position stays as it was.</param>
    /// <param name="cancel">Stops.</param>
    public Task<bool> SaveAsync(Lease lease, string resource, SourcePosition position, Func<StoreSession, Task<bool>> besides, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        if (!await besides(session)) return false;
        await SaveAsync(session, resource, position, cancel);
        return true;
    }, cancel);

    /// <summary>Holds a source. Refused as <see cref="SaveAsync(Lease, string, SourcePosition, CancellationToken)"/> is: what a reader that was overtaken ran into is not what the new one sees.</summary>
    public Task HoldAsync(Lease lease, string resource, Hold hold, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        return await HoldAsync(session, resource, hold, cancel);
    }, cancel);

    /// <summary>The same inside the caller's write.</summary>
    public static Task<int> HoldAsync(StoreSession session, string resource, Hold hold, CancellationToken cancel) => session.ExecuteAsync("""
        insert into bus_source (resource, position, held_code, held_party, held_message, held_next, held_since)
        values (@resource, '{}', @code, @party, @message, @next, @since)
        on conflict (resource) do update set held_code = @code, held_party = @party, held_message = @message, held_next = @next,
            held_since = coalesce(bus_source.held_since, @since)
        """, cancel, ("resource", resource), ("code", hold.Code), ("party", hold.Party.ToString()), ("message", hold.Message), ("next", hold.Next),
        ("since", hold.Since.ToUnixMicroseconds()));

    /// <summary>What <see cref="SeenRows"/> remembered, or null.</summary>
    public Task<byte[]?> ReadSeenAsync(string resource, CancellationToken cancel) => store.ReadAsync(async session =>
    {
        var found = await session.QueryAsync("select seen from bus_source where resource = @resource",
            row => row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0), cancel, ("resource", resource));
        return found.FirstOrDefault();
    }, cancel);

    /// <summary>Null forgets all. Refused as <see cref="SaveAsync(Lease, string, SourcePosition, CancellationToken)"/> is.</summary>
    public Task SaveSeenAsync(Lease lease, string resource, byte[]? seen, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        return seen is null
            ? await session.ExecuteAsync("update bus_source set seen = null where resource = @resource", cancel, ("resource", resource))
            : await session.ExecuteAsync("update bus_source set seen = @seen where resource = @resource", cancel, ("resource", resource), ("seen", seen));
    }, cancel);
}
