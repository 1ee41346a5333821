using System.Data.Common;
using Exchange.Bus.Catalogue;
using Exchange.Storage;

namespace Exchange.Bus.Scheduling;

/// <summary>The schedules as the store has them, at one moment.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="HubZone">IANA zone of schedules that name none.</param>
/// <param name="Entries">By subscription and kind.</param>
internal sealed record SchedulePicture(DateTimeOffset Now, string HubZone, IReadOnlyDictionary<ScheduleKey, ScheduleEntry> Entries);

/// <summary>What a node looks at while nothing is due: one small query.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="CatalogueVersion">Another one: schedules may have changed.</param>
/// <param name="HubZone">Another one: so may their times.</param>
/// <param name="AnyOpen">Whether some reading waits or was left, and may be tried now.</param>
internal sealed record ScheduleGlance(DateTimeOffset Now, long CatalogueVersion, string HubZone, bool AnyOpen);

/// <summary>A fire, or one that was missed, as a node has noticed it.</summary>
/// <param name="Entry">The schedule as the node saw it.</param>
/// <param name="Decision">What is to be done.</param>
internal sealed record NoticedFire(ScheduleEntry Entry, FireDecision Decision);

/// <summary>
/// Table bus_schedule: one row a cron expression, with the time when it fires next. A fire is the one write that moves that time on, compared with what was read: of any number of
/// nodes that notice it one wins, and the reading that it asks for stands in the same write. So no fire is doubled, and none is lost by a kill between two steps. Safe for concurrent callers.
/// </summary>
internal sealed class ScheduleBook(IStore store, TimeProvider time)
{
    const string Columns = "subscription, kind, resource, cron, expression, zone, misfire, next_at, last_at, noticed_at, fires, outcome, run, node";

    /// <summary>In <c>next_at</c>: the schedule never fires again.</summary>
    const long Never = 0;

    readonly StoreClock _clock = new(time);

    public async Task<ScheduleGlance> GlanceAsync(CancellationToken cancel) => (await store.ReadAsync(session => session.QueryAsync($"""
        SELECT clock.now_at, (SELECT version FROM bus_catalogue WHERE id = 1), (SELECT value FROM bus_hub WHERE name = 'time_zone'),
            (SELECT count(*) FROM bus_reading WHERE (wanted <> '' OR running <> '') AND not_before <= clock.now_at)
        FROM (SELECT {StoreClock.Now(session)} AS now_at) AS clock
        """, row => new ScheduleGlance(StoreTime.FromUnixMicroseconds(row.GetInt64(0)), row.GetInt64(1), row.IsDBNull(2) ? HubZone.Default : row.GetString(2), row.GetInt64(3) > 0),
        cancel, _clock.Parameter(session)), cancel))[0];

    public Task<SchedulePicture> ReadAsync(CancellationToken cancel) => store.ReadAsync(async session =>
    {
        var entries = await session.QueryAsync($"SELECT {Columns} FROM bus_schedule", Read, cancel);
        var zone = await HubZone.ReadAsync(session, cancel);
        // The clock last: what is due by it was due for whoever wrote what was read.
        var now = StoreTime.FromUnixMicroseconds(await session.ScalarAsync<long>($"SELECT {StoreClock.Now(session)}", cancel, _clock.Parameter(session)));
        return new SchedulePicture(now, zone, entries.ToDictionary(entry => entry.Key));
    }, cancel);

    /// <summary>
    /// Brings the table to what a catalogue says: new schedules begin now, changed ones begin anew from now and keep what is known of their last fire, others go. Does nothing when
    /// another catalogue is in force meanwhile: whoever has that one does it.
    /// </summary>
    public Task ReconcileAsync(long catalogueVersion, IReadOnlyCollection<ScheduleDefinition> wanted, Func<ScheduleDefinition, DateTimeOffset?> next, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        // Locked: of two nodes that reconcile at once the later one must see what the earlier one has written, and what has fired since.
        var locking = session.Engine == StoreEngine.PostgreSql ? " FOR UPDATE" : "";
        if (await session.ScalarAsync<long>("SELECT version FROM bus_catalogue WHERE id = 1" + locking, cancel) != catalogueVersion) return 0;
        await ReadingBook.KeepOnlyAsync(session, wanted.Select(definition => definition.Resource).ToHashSet(StringComparer.Ordinal), cancel);
        var there = (await session.QueryAsync($"SELECT {Columns} FROM bus_schedule", Read, cancel)).ToDictionary(entry => entry.Key);
        foreach (var gone in there.Keys.Except(wanted.Select(definition => definition.Key)).OrderBy(key => key.Subscription, StringComparer.Ordinal).ThenBy(key => key.Kind))
            await session.ExecuteAsync("DELETE FROM bus_schedule WHERE subscription = @subscription AND kind = @kind", cancel, ("subscription", gone.Subscription), ("kind", Text(gone.Kind)));
        foreach (var definition in wanted.OrderBy(definition => definition.Key.Subscription, StringComparer.Ordinal).ThenBy(definition => definition.Key.Kind))
        {
            var known = there.GetValueOrDefault(definition.Key);
            if (known?.Definition == definition) continue;
            var goesOn = known is not null && known.Definition with { Misfire = definition.Misfire } == definition;
            await WriteAsync(session, definition, goesOn ? known!.Next : next(definition), cancel);
        }

        return 0;
    }, cancel);

    /// <summary>Notes what one node has noticed of one resource's schedules. A fire that another node has noted, or whose schedule has changed meanwhile, is passed over.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="noticed">Its schedules that are due, or that begin anew.</param>
    /// <param name="fullGoesOn">Whether a full of the resource is being read: increments are dropped.</param>
    /// <param name="now">The store's clock as the node saw it.</param>
    /// <param name="node">The node.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>The fires that are this node's, with what became of them.</returns>
    public Task<IReadOnlyList<(ScheduleKey Key, FireOutcome Outcome)>> FireAsync(string resource, IReadOnlyCollection<NoticedFire> noticed, bool fullGoesOn, DateTimeOffset now, string node, CancellationToken cancel) =>
        store.WriteAsync<IReadOnlyList<(ScheduleKey, FireOutcome)>>(async session =>
        {
            // The reading's row first: every writer locks in this order.
            var reading = await ReadingBook.LockAsync(session, resource, cancel);
            var mine = new List<(ScheduleKey, FireOutcome)>();
            foreach (var fire in noticed.OrderBy(fire => fire.Entry.Key.Subscription, StringComparer.Ordinal).ThenBy(fire => fire.Entry.Key.Kind))
            {
                var outcome = Outcome(fire, fullGoesOn || reading.Running == ReadKind.Full);
                if (!await MoveAsync(session, fire, outcome, now, node, cancel)) continue;
                if (fire.Decision.Action == FireAction.Reset) continue;
                mine.Add((fire.Entry.Key, outcome));
                if (outcome == FireOutcome.Waiting) reading = reading with { Wanted = Stronger(reading.Wanted, fire.Entry.Key.Kind), NotBefore = null };
            }

            await ReadingBook.SaveAsync(session, reading, cancel);
            return mine;
        }, cancel);

    /// <summary>Notes what becomes of the fires that wait for a resource's reading, or of those that it goes on for, inside the caller's write.</summary>
    public static Task<int> TellAsync(StoreSession session, string resource, IReadOnlyList<FireOutcome> of, FireOutcome becomes, long run, string node, CancellationToken cancel) => session.ExecuteAsync(
        $"UPDATE bus_schedule SET outcome = @outcome, run = CASE WHEN @run > 0 THEN @run ELSE run END, node = @node WHERE resource = @resource AND outcome IN ({string.Join(", ", of.Select((_, at) => $"@of{at}"))})", cancel,
        [("outcome", Text(becomes)), ("run", run), ("node", node), ("resource", resource), .. of.Select((outcome, at) => ($"of{at}", (object?)Text(outcome)))]);

    public static ReadKind Stronger(ReadKind one, ReadKind other) => one > other ? one : other;

    public static string Text(ReadKind kind) => kind == ReadKind.None ? "" : kind.ToString().ToLowerInvariant();

    public static ReadKind Kind(string text) => text.Length == 0 ? ReadKind.None : Enum.Parse<ReadKind>(text, ignoreCase: true);

    static FireOutcome Outcome(NoticedFire fire, bool fullGoesOn) =>
        fire.Decision.Action == FireAction.Miss ? FireOutcome.Missed
        : fullGoesOn && fire.Entry.Key.Kind == ReadKind.Incremental ? FireOutcome.Dropped
        : FireOutcome.Waiting;

    static async Task<bool> MoveAsync(StoreSession session, NoticedFire fire, FireOutcome outcome, DateTimeOffset now, string node, CancellationToken cancel)
    {
        var (entry, decision) = fire;
        var moved = decision.Action == FireAction.Reset ? "" : ", last_at = next_at, noticed_at = @now, fires = fires + @fired, outcome = @outcome, run = 0, node = @node";
        return await session.ExecuteAsync($"""
            UPDATE bus_schedule SET next_at = @next{moved}
            WHERE subscription = @subscription AND kind = @kind AND next_at = @due AND expression = @expression AND zone = @zone
            """, cancel, ("next", Moment(decision.Next)), ("now", now.ToUnixMicroseconds()), ("fired", decision.Action == FireAction.Fire ? 1 : 0), ("outcome", Text(outcome)), ("node", node),
            ("subscription", entry.Key.Subscription), ("kind", Text(entry.Key.Kind)), ("due", Moment(entry.Next)), ("expression", entry.Definition.Expression), ("zone", entry.Definition.Zone)) == 1;
    }

    static Task<int> WriteAsync(StoreSession session, ScheduleDefinition definition, DateTimeOffset? next, CancellationToken cancel) => session.ExecuteAsync("""
        INSERT INTO bus_schedule (subscription, kind, resource, cron, expression, zone, misfire, next_at, fires, outcome, run)
        VALUES (@subscription, @kind, @resource, @cron, @expression, @zone, @misfire, @next, 0, 'none', 0)
        ON CONFLICT (subscription, kind) DO UPDATE SET resource = excluded.resource, cron = excluded.cron, expression = excluded.expression, zone = excluded.zone,
            misfire = excluded.misfire, next_at = excluded.next_at
        """, cancel, ("subscription", definition.Key.Subscription), ("kind", Text(definition.Key.Kind)), ("resource", definition.Resource), ("cron", definition.Cron),
        ("expression", definition.Expression), ("zone", definition.Zone), ("misfire", definition.Misfire.ToString()), ("next", Moment(next)));

    static ScheduleEntry Read(DbDataReader row) => new()
    {
        Definition = new ScheduleDefinition
        {
            Key = new ScheduleKey(row.GetString(0), Kind(row.GetString(1))),
            Resource = row.GetString(2),
            Cron = row.GetString(3),
            Expression = row.GetString(4),
            Zone = row.GetString(5),
            Misfire = Enum.Parse<MisfirePolicy>(row.GetString(6)),
        },
        Next = row.GetInt64(7) is var next and not Never ? StoreTime.FromUnixMicroseconds(next) : null,
        Last = row.IsDBNull(8) ? null : StoreTime.FromUnixMicroseconds(row.GetInt64(8)),
        NoticedAt = row.IsDBNull(9) ? null : StoreTime.FromUnixMicroseconds(row.GetInt64(9)),
        Fires = row.GetInt64(10),
        Outcome = Enum.Parse<FireOutcome>(row.GetString(11), ignoreCase: true),
        Run = row.GetInt64(12),
        Node = row.IsDBNull(13) ? null : row.GetString(13),
    };

    static string Text(FireOutcome outcome) => outcome.ToString().ToLowerInvariant();

    static long Moment(DateTimeOffset? moment) => moment?.ToUnixMicroseconds() ?? Never;
}
