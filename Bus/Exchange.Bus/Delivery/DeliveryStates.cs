using Exchange.Bus.Intake;
using Exchange.Contracts.Errors;
using Exchange.Storage;

namespace Exchange.Bus.Delivery;

/// <summary>What the store knows of a subscription's delivery. The ledger at the target has the last word on what was applied; this is what the hub remembers of it.</summary>
internal sealed record DeliveryState
{
    /// <summary>Number of the last batch that the target has applied.</summary>
    public long Applied { get; init; }

    /// <summary>Digest of the route that the target was delivered by; another one delivers anew from the log.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Digest of the target table's shape when it was last looked at.</summary>
    public string? TargetShape { get; init; }

    public Hold? Hold { get; init; }

    /// <summary>Head of the log when <see cref="Hold"/> was noted for a ledger that does not fit: a full that is newer heals it.</summary>
    public long? HeldAtHead { get; init; }
}

/// <summary>Table bus_delivery. Written under the subscription's lease only.</summary>
internal sealed class DeliveryStates(IStore store, ILeases leases)
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-delivery", 1, "how far subscriptions are", """
            create table bus_delivery (
                subscription text not null primary key,
                applied bigint not null,
                fingerprint text null,
                target_shape text null,
                held_code text null,
                held_party text null,
                held_message text null,
                held_next text null,
                held_since bigint null,
                held_at_head bigint null
            );
            """),
    ];

    public Task<DeliveryState?> ReadAsync(string subscription, CancellationToken cancel) => store.ReadAsync(async session =>
    {
        var found = await session.QueryAsync("""
            select applied, fingerprint, target_shape, held_code, held_party, held_message, held_next, held_since, held_at_head
            from bus_delivery where subscription = @subscription
            """, row => new DeliveryState
            {
                Applied = row.GetInt64(0),
                Fingerprint = row.IsDBNull(1) ? null : row.GetString(1),
                TargetShape = row.IsDBNull(2) ? null : row.GetString(2),
                Hold = row.IsDBNull(3) ? null : new Hold(row.GetString(3), Enum.Parse<Party>(row.GetString(4)), row.GetString(5), row.GetString(6), StoreTime.FromUnixMicroseconds(row.GetInt64(7))),
                HeldAtHead = row.IsDBNull(8) ? null : row.GetInt64(8),
            }, cancel, ("subscription", subscription));
        return found.FirstOrDefault();
    }, cancel);

    /// <summary>How far every subscription is that was ever delivered, and which of them are held.</summary>
    public async Task<IReadOnlyDictionary<string, (long Applied, bool Held)>> AllAsync(CancellationToken cancel) => await store.ReadAsync(async session =>
        (await session.QueryAsync("select subscription, applied, case when held_code is null then 0 else 1 end from bus_delivery", row => (row.GetString(0), (row.GetInt64(1), row.GetInt32(2) == 1)), cancel)).ToDictionary(), cancel);

    /// <summary>In a write of its own. One that was overtaken is refused: what the new one has noted stands.</summary>
    public Task SaveAsync(Lease lease, string subscription, DeliveryState state, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        await leases.AssertHeldAsync(session, lease, cancel);
        return await SaveAsync(session, subscription, state, cancel);
    }, cancel);

    /// <summary>The same inside the caller's write.</summary>
    public static Task<int> SaveAsync(StoreSession session, string subscription, DeliveryState state, CancellationToken cancel) => session.ExecuteAsync("""
        insert into bus_delivery (subscription, applied, fingerprint, target_shape, held_code, held_party, held_message, held_next, held_since, held_at_head)
        values (@subscription, @applied, @fingerprint, @shape, @code, @party, @message, @next, @since, @head)
        on conflict (subscription) do update set applied = excluded.applied, fingerprint = excluded.fingerprint, target_shape = excluded.target_shape,
            held_code = excluded.held_code, held_party = excluded.held_party, held_message = excluded.held_message, held_next = excluded.held_next,
            held_since = excluded.held_since, held_at_head = excluded.held_at_head
        """, cancel, ("subscription", subscription), ("applied", state.Applied), ("fingerprint", state.Fingerprint), ("shape", state.TargetShape),
        ("code", state.Hold?.Code), ("party", state.Hold?.Party.ToString()), ("message", state.Hold?.Message), ("next", state.Hold?.Next),
        ("since", state.Hold is { } hold ? hold.Since.ToUnixMicroseconds() : null), ("head", state.HeldAtHead));
}
