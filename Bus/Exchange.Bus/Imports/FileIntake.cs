using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Runs;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Files;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Imports;

/// <summary>
/// Reads a file into the log of a resource, page by page, each one durable: upserts as they stand in the file; with a full, at the end the mark by which keys that the file does not
/// have are removed. A killed import does not go on: the next one of that resource begins a new run, its batches are upserts of the same keys, and a full that has no mark removes nothing.
/// </summary>
internal sealed class FileIntake(RunBook book, SourceStates states, BatchAppender appender, KeyReader keys, IQuarantine quarantine, IKnownValues known, ReferencedItems referenced, ExchangeSteps steps, TimeProvider time)
{
    /// <summary>Never throws for what is wrong with the file or the store: that stands in the outcome.</summary>
    public async Task<IntakeOutcome> RunAsync(Resource resource, ImportPlan plan, bool full, HeldLease lease, IProgress<SyncProgress>? progress, Action appended, CancellationToken cancel)
    {
        ImportRun? run = null;
        try
        {
            var stored = (await states.ReadAsync(resource.Name, cancel)).Position;
            var position = stored with { OpenRun = 0, Full = full ? new FullProgress { Run = 0 } : null };
            run = await book.BeginAsync(resource.Name, lease.Lease, stored.OpenRun, position,
                (record, begun) => new ImportRun { Plan = plan, Resource = resource, Lease = lease.Lease, Begun = record, Position = begun, Progress = progress, Appended = appended }, cancel);
            await ReadAsync(run, cancel);
            await book.SettleAsync(run, BatchState.Visible, then => then with { OpenRun = 0 }, null, cancel);
            run.Appended?.Invoke();
            var done = await book.DoneAsync(run);
            run.Report(run.Kind, ended: true);
            return done;
        }
        catch (ExchangeException fault)
        {
            if (run is not null) await DropAsync(run, cancel);
            return await book.EndAsync(resource.Name, run, fault is ErrorLimitException ? RunState.Stopped : RunState.Failed, fault);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
        {
            return await book.EndAsync(resource.Name, run, RunState.Failed,
                new ExchangeException(ErrorCodes.LeaseLost, Party.Hub, $"Another process has taken over the resource {resource.Name}.", "Import the file again; what was read of it stands."));
        }
    }

    async Task ReadAsync(ImportRun run, CancellationToken cancel)
    {
        var itemSets = await referenced.OfAsync(run.Resource, cancel);
        await keys.RebuildKnownAsync(run, itemSets, cancel);
        await foreach (var page in run.Plan.Source.ReadAsync(run.Resource.BatchRows, run.Resource.BatchBytes, cancel))
        {
            steps.Reached(ExchangeStep.Read, run.Name);
            var (rows, refused, written) = await JudgeAsync(run, page, cancel);
            steps.Reached(ExchangeStep.Quality, run.Name);
            await appender.AppendAsync(run, Draft(run, page, rows, refused), itemSets, cancel);
            await WriteRefusedAsync(run.Plan, written, cancel);
            run.Report(run.Kind);
            ErrorLimits.Check(run);
        }

        if (run.Plan.Source.Digest != run.Plan.Digest)
            throw new FileFormException($"{run.Plan.Source.Name} was changed while it was read.", "Import it again once nobody writes it; what was read of it stands, and nothing was removed.");
        ErrorLimits.CheckAtEnd(run);
        if (run.Position.Full is null) return;
        await MarkAsync(run, itemSets, cancel);
        await keys.RebuildKnownAsync(run, itemSets, cancel);
    }

    async Task<(RowBatch Rows, IReadOnlyList<QuarantinedRow> Refused, IReadOnlyList<RefusedRow> Written)> JudgeAsync(ImportRun run, FilePage page, CancellationToken cancel)
    {
        // Read before judging: what grows from here on has the refused rows judged again.
        var against = await quarantine.DependencyVersionsAsync(cancel);
        var items = run.Plan.Columns.Items(page);
        if (run.Plan.Keys.Of(items.Rows) is { } shared) items = run.Plan.Columns.Items(page, shared);
        var judged = await run.Plan.Judge.JudgeAsync(items, cancel);
        var now = time.GetUtcNow();
        List<QuarantinedRow> refused = [.. judged.Rejected.Select(row => new QuarantinedRow
        {
            Resource = run.Name,
            Key = row.Key,
            Values = Values(run.Plan, page, row.Row),
            Broken = row.Broken,
            JudgedAgainst = against,
            Batch = 0,
            Run = 0,
            RefusedAt = now,
        })];
        return (judged.Accepted, refused, run.Plan.Refused is null ? [] : RefusedForms.Of(page, items, judged.Rejected, refused));
    }

    /// <summary>Where the row stands, and its fields as they were given.</summary>
    static List<KeyValuePair<string, string?>> Values(ImportPlan plan, FilePage page, int row)
    {
        var unit = plan.Source.Form switch { "json" => "object", "xlsx" or "parquet" => "row", _ => "line" };
        var values = new List<KeyValuePair<string, string?>> { new("(place)", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{plan.Source.Name}, {unit} {page.Places[row]}")) };
        for (var at = 0; at < plan.Columns.Names.Count; at++)
            values.Add(new(plan.Columns.Names[at], page.Rows.Rows.Columns[at].TextAt(row) ?? page.Rows.Faults.FirstOrDefault(fault => fault.Row == row && fault.Column == at)?.Value));
        return values;
    }

    /// <summary>Once they are durable in the quarantine: the file never tells of a row that the hub does not know.</summary>
    static async Task WriteRefusedAsync(ImportPlan plan, IReadOnlyList<RefusedRow> rows, CancellationToken cancel)
    {
        if (plan.Refused is null) return;
        foreach (var row in rows) await plan.Refused.AppendAsync(row, cancel);
    }

    static BatchDraft Draft(ImportRun run, FilePage page, RowBatch rows, IReadOnlyList<QuarantinedRow> refused)
    {
        var count = page.Rows.Rows.Count;
        if (run.Position.Full is not { FirstBatch: var first })
            return new BatchDraft { Kind = BatchKind.Change, FullStart = 0, Rows = rows, Refused = refused, Read = count, Then = (position, _) => position };
        return new BatchDraft
        {
            Kind = BatchKind.Snapshot,
            FullStart = first > 0 ? first : -1,
            Rows = rows,
            Refused = refused,
            Read = count,
            Then = (position, batch) => position with { Full = position.Full! with { FirstBatch = first > 0 ? first : batch.Number, Rows = position.Full.Rows + count } },
        };
    }

    async Task MarkAsync(ImportRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var full = run.Position.Full!;
        await appender.AppendAsync(run, new BatchDraft
        {
            Kind = BatchKind.Mark,
            FullStart = full.FirstBatch,
            Rows = RowBatch.Empty(run.Resource.Items.Select(item => (item.Name, item.Type))),
            Refused = [],
            Read = 0,
            Then = (position, _) => position with { Full = null, Complete = true, KnownOutdated = itemSets.Count > 0, LastFullRows = full.Rows },
            Besides = (session, batch) => quarantine.CloseStaleAsync(session, run.Name, full.Run, batch.Number, cancel),
        }, itemSets, cancel);
    }

    /// <summary>Batches that waited for the end are never delivered, and what they held is free.</summary>
    async Task DropAsync(ImportRun run, CancellationToken cancel)
    {
        await book.SettleAsync(run, BatchState.Discarded, position => position with { OpenRun = 0, Full = null }, null, cancel);
        if (run.Pending && await referenced.OfAsync(run.Resource, cancel) is { Count: > 0 } itemSets) await known.RebuildAsync(run.Name, itemSets, cancel);
    }
}
