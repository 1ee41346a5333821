using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Reorganisation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>Who asks for a run.</summary>
/// <param name="Full">Read anew.</param>
/// <param name="ByHand">A person asks, and waits.</param>
/// <param name="IfFree">Only if nobody reads the source at the moment; else wait for it.</param>
internal readonly record struct IntakeRequest(bool Full, bool ByHand, bool IfFree = false)
{
    /// <summary>Keys (key columns in key order, natural types, distinct) that are read anew besides what changed; null: none. A snapshot source is then not read whole.</summary>
    public RowBatch? Keys { get; init; }

    /// <summary>The caller's place on this node; null: it has none.</summary>
    public NodePlace? Place { get; init; }
}

/// <summary>
/// Decides before a run whether it is a full, and whether it may begin at all: increments that cannot go on are held until their full is re-organised. Installs missing triggers, and notes
/// code sets that have changed.
/// </summary>
internal sealed class SourcePreparation(IStore store, ILeases leases, SourceStates states, IQuarantine quarantine, ReorganisationBook book)
{
    /// <summary>The position with which the run begins; <see cref="SourcePosition.Full"/> is set when it is a full, new or resumed.</summary>
    /// <exception cref="ReorganisationException">Increments are held, and nobody has given notice. The position says so.</exception>
    public async Task<SourcePosition> PrepareAsync(SourcePlan plan, CatalogueSnapshot catalogue, Lease lease, SourcePosition stored, IntakeRequest request, CancellationToken cancel)
    {
        var position = stored;
        if (position.Fingerprint != plan.Fingerprint) position = Redefined(plan, stored);
        else if (stored.Complete && stored.KeyShape is { } before && before != plan.KeyShape)
            position = await NeedAsync(plan, lease, position, ReorganisationReason.KeyChanged, $"the source's key was {before} and is {plan.KeyShape}", cancel);
        position = position with { KeyShape = position.Reorganise is { Begins: false } ? position.KeyShape : plan.KeyShape };
        var anyRead = position.Complete || position.Full is not null;
        var missed = plan.FollowsWal ? await MissedInLogAsync(plan, position, cancel) : await InstallCaptureAsync(plan, anyRead, cancel);
        if (missed is not null && plan.FollowsWal) position = position with { Wal = null };
        if (missed is not null && position.Complete && !position.CaptureRemoved)
            position = await NeedAsync(plan, lease, position, ReorganisationReason.IncrementBroken, missed, cancel);
        position = position with { CaptureRemoved = false, KeysReadBack = plan.KeysAreNatural };
        if (position.Reorganise is { } need && !(need.Begins || request.Full || (request.ByHand && need.BeginsByHand))) throw new ReorganisationException(plan.Resource.Name, need);

        var anew = request.Full || position.FullWanted is not null || (missed is not null && anyRead) || (position.Reorganise is not null && position.Full is not { Reorganised: true });
        if (anew || (position.Full is null && (!position.Complete || (plan.Source.Mode == CaptureMode.Snapshot && request.Keys is null))))
            position = await BegunAsync(plan, position with { OpenRun = 0, FullWanted = null, KeyShape = plan.KeyShape }, cancel);
        return await NoteCodeSetsAsync(plan, catalogue, position, cancel);
    }

    /// <summary>What a run would be by what is known without its source: how one is called that could not be begun.</summary>
    public static string KindOf(TableSource source, SourcePosition position, IntakeRequest request) =>
        request.Full || !position.Complete || position.Full is not null || position.FullWanted is not null || position.Reorganise is { Begins: true } || (source.Mode == CaptureMode.Snapshot && request.Keys is null)
            ? "full" : "incremental";

    /// <summary>Begins a full in the middle of a run.</summary>
    /// <exception cref="ReorganisationException">It must be re-organised, and nobody has given notice.</exception>
    public async Task BeginFullAsync(IntakeRun run, CancellationToken cancel)
    {
        if (run.Position.Reorganise is { Begins: false } need) throw new ReorganisationException(run.Name, need);
        var begun = await BegunAsync(run.Plan, run.Position with { FullWanted = null }, cancel);
        run.Position = begun with { Full = begun.Full! with { Run = run.Id } };
        await states.SaveAsync(run.Lease, run.Name, run.Position, cancel);
    }

    /// <summary>What becomes of a position when an increment cannot go on for that reason. To be stored with <see cref="ReorganisationBook.NeededAsync"/>.</summary>
    public static ReorganisationNeed Need(Resource resource, ReorganisationReason reason, string detail) => new(reason, detail, resource.ReorganiseByItself.Contains(reason)) { ChangesPassed = true };

    async Task<SourcePosition> NeedAsync(SourcePlan plan, Lease lease, SourcePosition position, ReorganisationReason reason, string detail, CancellationToken cancel)
    {
        // What somebody has given notice of, or what stands already, is not overwritten by what follows from it.
        if (position.Reorganise is not null) return position;
        var need = Need(plan.Resource, reason, detail) with { ChangesPassed = reason == ReorganisationReason.IncrementBroken };
        var held = position with { Reorganise = need };
        await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, lease, cancel);
            await SourceStates.SaveAsync(session, plan.Resource.Name, held, cancel);
            await book.NeededAsync(session, plan.Resource.Name, need, cancel);
            return 0;
        }, cancel);
        return held;
    }

    /// <summary>Another definition is read in full. Where it gives rows another key, targets change over at once: by then the old and the new keys stand for the same things.</summary>
    static SourcePosition Redefined(SourcePlan plan, SourcePosition stored)
    {
        var rekeyed = stored is { Complete: true, KeyShape: { } before } && before != plan.KeyShape;
        return new SourcePosition
        {
            Fingerprint = plan.Fingerprint,
            CodeSets = stored.CodeSets,
            Reorganise = stored.Reorganise ?? (rekeyed ? new ReorganisationNeed(ReorganisationReason.KeyChanged, $"a manifest was applied: the key was {stored.KeyShape} and is {plan.KeyShape}", Begins: true) : null),
        };
    }

    /// <summary>A new full. What tells its changes stands before its first row is read: a slot that is made now tells all that this full's reads do not see.</summary>
    static async Task<SourcePosition> BegunAsync(SourcePlan plan, SourcePosition position, CancellationToken cancel) => position with
    {
        Wal = plan.FollowsWal ? position.Wal ?? await WalReader.Of(plan).InstallAsync(plan.Capture!, cancel) : null,
        Full = new FullProgress { Run = 0, TrackedAtStart = plan.Tracked.Count > 0 ? await TrackedReader.LookAsync(plan, cancel) : null, Reorganised = position.Reorganise is not null },
    };

    /// <summary>Triggers stand before the first row is read. Answers why changes of rows that were read may have been missed, or null.</summary>
    static async Task<string?> InstallCaptureAsync(SourcePlan plan, bool anyRead, CancellationToken cancel)
    {
        if (plan.Capture is not { } target) return null;
        var status = await plan.Database.Capture.StatusAsync(target, cancel);
        if (status.State == CaptureState.Installed) return null;
        await plan.Database.Capture.InstallAsync(target, cancel);
        return anyRead ? "triggers or change log of the hub were missing, so changes may have been missed" : null;
    }

    /// <summary>
    /// Answers why the log does not tell what came after the point that was read, or null. A slot that is of no use any more is taken away at once: it would only make the server keep log. The full that
    /// follows makes its own.
    /// </summary>
    static async Task<string?> MissedInLogAsync(SourcePlan plan, SourcePosition position, CancellationToken cancel)
    {
        var wal = WalReader.Of(plan);
        if (position.Wal is not { } from) return "the slot was given up, so changes were missed";
        if ((await wal.LookAsync(plan.Capture!, from, cancel)).Gap is not { } gap) return null;
        await wal.RemoveAsync(plan.Capture!, cancel);
        return $"{gap}, so changes may have been missed";
    }

    async Task<SourcePosition> NoteCodeSetsAsync(SourcePlan plan, CatalogueSnapshot catalogue, SourcePosition position, CancellationToken cancel)
    {
        var now = plan.Resource.Items.Select(item => item.CodeSet).OfType<string>().Distinct()
            .ToDictionary(name => name, name => Digest(catalogue.CodeSets[name]), StringComparer.Ordinal);
        var changed = now.Where(set => position.CodeSets.TryGetValue(set.Key, out var before) && before != set.Value).Select(set => set.Key).ToList();
        var same = changed.Count == 0 && now.Count == position.CodeSets.Count;
        if (changed.Count > 0)
        {
            await store.WriteAsync(async session =>
            {
                foreach (var name in changed) await quarantine.GrownAsync(session, $"codeset/{name}", cancel);
                return 0;
            }, cancel);
        }

        return same ? position : position with { CodeSets = now };
    }

    static string Digest(CodeSet set) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(set.Codes.Keys.Order(StringComparer.Ordinal)))));
}
