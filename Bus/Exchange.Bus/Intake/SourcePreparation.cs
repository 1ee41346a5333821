using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>Decides before a run whether it is a full, installs missing triggers, and notes code sets that have changed.</summary>
internal sealed class SourcePreparation(IStore store, SourceStates states, IQuarantine quarantine)
{
    /// <summary>The position with which the run begins; <see cref="SourcePosition.Full"/> is set when it is a full, new or resumed.</summary>
    public async Task<SourcePosition> PrepareAsync(SourcePlan plan, CatalogueSnapshot catalogue, SourcePosition stored, bool wantFull, CancellationToken cancel)
    {
        var position = stored;
        if (position.Fingerprint != plan.Fingerprint)
            position = new SourcePosition { Fingerprint = plan.Fingerprint, CodeSets = stored.CodeSets };
        var missed = await InstallCaptureAsync(plan, position.Complete || position.Full is not null, cancel);
        position = position with { CaptureRemoved = false, KeysReadBack = plan.KeysAreNatural };
        var anew = wantFull || position.FullWanted is not null || missed;
        if (anew || (position.Full is null && (!position.Complete || plan.Source.Mode == CaptureMode.Snapshot)))
            position = position with { OpenRun = 0, Full = await NewFullAsync(plan, cancel), FullWanted = null };
        return await NoteCodeSetsAsync(plan, catalogue, position, cancel);
    }

    /// <summary>Begins a full in the middle of a run.</summary>
    public async Task BeginFullAsync(IntakeRun run, CancellationToken cancel)
    {
        run.Position = run.Position with { Full = await NewFullAsync(run.Plan, cancel) with { Run = run.Id }, FullWanted = null };
        await states.SaveAsync(run.Lease, run.Name, run.Position, cancel);
    }

    static async Task<FullProgress> NewFullAsync(SourcePlan plan, CancellationToken cancel) =>
        new() { Run = 0, TrackedAtStart = plan.Tracked.Count > 0 ? await TrackedReader.LookAsync(plan, cancel) : null };

    /// <summary>Triggers stand before the first row is read. Answers whether changes of rows that were read may have been missed.</summary>
    static async Task<bool> InstallCaptureAsync(SourcePlan plan, bool anyRead, CancellationToken cancel)
    {
        if (plan.Capture is not { } target) return false;
        var status = await plan.Database.Capture.StatusAsync(target, cancel);
        if (status.State == CaptureState.Installed) return false;
        await plan.Database.Capture.InstallAsync(target, cancel);
        return anyRead;
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
