using System.Collections.Concurrent;
using System.Globalization;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Reorganisation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Intake;

/// <summary>
/// Looks after the slots of `wal` sources between runs: whether they tell something, that quiet ones do not make a server keep log that holds nothing for them, and that none fills a department's disk.
/// Safe for concurrent callers, on any number of nodes.
/// </summary>
internal sealed partial class WalWatch(HubId hub, SourceStates states, ILeases leases, ReorganisationBook book, TimeProvider time, ILogger<WalWatch> logger)
{
    /// <summary>Log of other tables that a quiet slot is moved past at once: less is decoded again in no time.</summary>
    const long Quiet = 16L << 20;

    /// <summary>How long a node that looks may keep others from the source.</summary>
    static readonly TimeSpan Turn = TimeSpan.FromSeconds(15);

    /// <summary>Between two looks at a slot that another reads from.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    const int MostLooks = 10;

    /// <summary>For each resource the place up to which the log was looked through and told nothing.</summary>
    readonly ConcurrentDictionary<string, long> _looked = new(StringComparer.Ordinal);

    readonly ConcurrentDictionary<string, bool> _warned = new(StringComparer.Ordinal);

    /// <exception cref="FrontEndException">The engine's log can't be followed.</exception>
    public static IWalCapture Of(IFrontEndDatabase database, string resource) => database.Wal ?? throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider,
        $"Resource {resource}: capture mode wal follows the log of PostgreSQL, and {database.Connection} is another engine.", "Use capture mode changelog.");

    public async Task<CaptureTarget> TargetAsync(Resource resource, TableSource source, CancellationToken cancel) => SourcePlan.WalOf(resource, source, await hub.ReadAsync(cancel));

    /// <summary>Whether the slot tells changes, or can't tell them any more. Where it tells nothing, the next look begins where this one ended.</summary>
    public async Task<bool> HasChangesAsync(Resource resource, TableSource source, IFrontEndDatabase database, SourcePosition position, CancellationToken cancel)
    {
        if (position.Wal is not { } from) return true;
        var (wal, target) = (Of(database, resource.Name), await TargetAsync(resource, source, cancel));
        for (var looks = 0; ; looks++)
        {
            var look = await wal.LookAsync(target, from, cancel);
            if (look.Gap is not null) return true;
            if (look.Flushed <= Math.Max(from.Position, _looked.GetValueOrDefault(resource.Name))) return false;
            if (!look.Active) break;
            // Somebody takes it up under the lease, or another node looks as this one does, which is done in no time. Should it be a node that is frozen, the run that the lease lets in ends it.
            if (await leases.HolderAsync(LeaseOf(resource.Name), cancel) is not null) return false;
            if (looks == MostLooks) return true;
            await Task.Delay(Pause, time, cancel);
        }

        await using var session = await wal.OpenAsync(target, from, evict: false, cancel);
        WalPeek peek;
        try
        {
            peek = await session.PeekAsync(cancel);
        }
        catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Transient)
        {
            return false; // another came first; the next look sees more
        }

        if (peek.Any || peek.Gap is not null) return true;
        _looked[resource.Name] = peek.End;
        if (peek.End - from.Position >= Quiet) await PassAsync(resource.Name, from, peek.End, session, cancel);
        return false;
    }

    /// <summary>What stands, for people.</summary>
    public async Task<CaptureStatus> StatusAsync(Resource resource, TableSource source, IFrontEndDatabase database, CancellationToken cancel)
    {
        var from = (await states.ReadAsync(resource.Name, cancel)).Position.Wal;
        var look = await Of(database, resource.Name).LookAsync(await TargetAsync(resource, source, cancel), from, cancel);
        var state = look is { Slot: false, Publication: null } ? CaptureState.None : look is { Slot: true, Publication: not null, Gap: null, WalStatus: not "lost" } ? CaptureState.Installed : CaptureState.Damaged;
        var detail = $"publication {look.Name}: {(look.Publication is null ? "none that is right" : "stands")}; slot {look.Name}: " + (look.Slot
            ? $"{(look.Active ? "being read" : "not being read")}, wal_status {look.WalStatus ?? "unknown"}, keeps {Size(look.Lag ?? 0)} of log, at most {Size(Limit(source))}" : "none");
        return new CaptureStatus(state, look.Gap is { } gap && state != CaptureState.None ? $"{detail}; {gap}" : detail, null) { Wal = look };
    }

    /// <summary>Warns of a slot that makes the server keep much log, and gives up one that keeps too much: the department's disk comes before the exchange. Also takes away a slot that nobody wants any more.</summary>
    public async Task GuardAsync(Resource resource, TableSource source, IFrontEndDatabase database, CancellationToken cancel)
    {
        var (wal, target) = (Of(database, resource.Name), await TargetAsync(resource, source, cancel));
        var position = (await states.ReadAsync(resource.Name, cancel)).Position;
        var look = await wal.LookAsync(target, null, cancel);
        if (!look.Slot) return;
        var (lag, limit) = (look.Lag ?? 0, Limit(source));
        if (lag > limit / 2 && lag <= limit && _warned.TryAdd(resource.Name, true)) SlotLags(resource.Name, look.Name, Size(lag), Size(limit));
        if (lag <= limit / 2) _warned.TryRemove(resource.Name, out _);
        if (position.Wal is not null && lag <= limit) return;
        // Whoever reads it now brings it forward, or makes it just now.
        if (await leases.TryAcquireAsync(LeaseOf(resource.Name), Turn, cancel) is not { } lease) return;
        try
        {
            position = (await states.ReadAsync(resource.Name, cancel)).Position;
            if (position.Wal is not null) await GiveUpAsync(resource, lease, position, $"the slot {look.Name} made the server keep {Size(lag)} of log, more than maxSlotLag ({Size(limit)}), and was given up", cancel);
            await wal.RemoveAsync(target, cancel);
        }
        finally
        {
            await leases.ReleaseAsync(lease, CancellationToken.None);
        }
    }

    async Task GiveUpAsync(Resource resource, Lease lease, SourcePosition position, string why, CancellationToken cancel)
    {
        var need = position.Complete ? position.Reorganise ?? SourcePreparation.Need(resource, ReorganisationReason.IncrementBroken, why) : null;
        // First what holds here: were it the other way round, a kill in between would be told as a slot that somebody took away.
        await states.SaveAsync(lease, resource.Name, position with { Wal = null, FullWanted = why, Reorganise = need }, async session =>
        {
            if (need is not null) await book.NeededAsync(session, resource.Name, need, cancel);
            return true;
        }, cancel);
        SlotGivenUp(resource.Name, why);
        if (need is not { Begins: false }) return;
        var held = new ReorganisationException(resource.Name, need);
        await states.HoldAsync(lease, resource.Name, new Hold(held.Code, held.Party, held.Message, held.Next, time.GetUtcNow()), cancel);
    }

    /// <summary>Lets the server forget log that holds nothing for this source; as ever the store first.</summary>
    async Task PassAsync(string resource, WalPoint since, long end, IWalSession session, CancellationToken cancel)
    {
        if (await leases.TryAcquireAsync(LeaseOf(resource), Turn, cancel) is not { } lease) return;
        try
        {
            var state = await states.ReadAsync(resource, cancel);
            if (state.Position.Wal != since || state.Hold is not null) return;
            await states.SaveAsync(lease, resource, state.Position with { Wal = since with { Position = end } }, cancel);
            await session.ConfirmAsync(end, cancel);
        }
        finally
        {
            await leases.ReleaseAsync(lease, CancellationToken.None);
        }
    }

    static string LeaseOf(string resource) => $"source:{resource}";

    static long Limit(TableSource source) => source.MaxSlotLag ?? TableSource.DefaultSlotLag;

    static string Size(long bytes) => bytes >= 1L << 30 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB");

    [LoggerMessage(1120, LogLevel.Warning, "The slot {Slot} of resource {Resource} makes the provider's server keep {Lag} of log, of at most {Limit}. Read the source (is a hub running, is the resource held?), or look for a transaction that stays open there")]
    partial void SlotLags(string resource, string slot, string lag, string limit);

    [LoggerMessage(1121, LogLevel.Warning, "Resource {Resource}: {Why}. Increments go on after a full")]
    partial void SlotGivenUp(string resource, string why);
}
