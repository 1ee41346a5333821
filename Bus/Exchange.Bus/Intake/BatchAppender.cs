using Exchange.Bus.Catalogue;
using Exchange.Bus.Log;
using Exchange.Bus.Messaging;
using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Retention;
using Exchange.Bus.Runs;
using Exchange.Contracts.Messages;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>Rows that are ready to become a batch.</summary>
internal sealed record BatchDraft
{
    public required BatchKind Kind { get; init; }

    /// <summary>See <see cref="BatchHeader"/>.</summary>
    public required long FullStart { get; init; }

    /// <summary>See <see cref="LogBatch.Staged"/>.</summary>
    public bool Staged { get; init; }

    /// <summary>Accepted rows and deletions, in item types; each key once.</summary>
    public required RowBatch Rows { get; init; }

    /// <summary>Refused rows; batch and run are filled in.</summary>
    public required IReadOnlyList<QuarantinedRow> Refused { get; init; }

    /// <summary>Whether the rows stood in quarantine before: those that stay there as they are were rejected by an earlier run, not by this one.</summary>
    public bool JudgedAgain { get; init; }

    /// <summary>How many rows of the source stand behind this batch.</summary>
    public required long Read { get; init; }

    /// <summary>The position that holds once the batch is in the log, made from the batch's number.</summary>
    public required Func<SourcePosition, LogBatch, SourcePosition> Then { get; init; }

    /// <summary>What else must be written in the same transaction; answers how many refused rows it closed.</summary>
    public Func<StoreSession, LogBatch, Task<long>>? Besides { get; init; }
}

/// <summary>
/// Appends a batch: payload first (durable), then in ONE store transaction the batch, refused rows, closed errors, known values, the source's position, the run's
/// counts and the wake-up message. After kill -9 all of it is there or nothing: then the same rows are read again from the old position.
/// </summary>
internal sealed class BatchAppender(
    IStore store, ILeases leases, IResourceLog log, IQuarantine quarantine, IKnownValues known, IRuns runs, IMessageSender messages, LogBudget budget, ExchangeSteps steps)
{
    public async Task<LogBatch> AppendAsync(ResourceRun run, BatchDraft draft, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel) =>
        await AppendAsync(run, draft, await PrepareAsync(run, draft.Rows, cancel), itemSets, cancel);

    /// <summary>The payload of rows that are to be appended next; may be done while the batch before is being appended.</summary>
    public async Task<PreparedPayload> PrepareAsync(ResourceRun run, RowBatch rows, CancellationToken cancel)
    {
        await budget.AdmitAsync(cancel);
        var payload = await log.PrepareAsync(run.Name, rows, cancel);
        steps.Reached(ExchangeStep.Payload, run.Name);
        return payload;
    }

    /// <param name="run">The run.</param>
    /// <param name="draft">What is appended.</param>
    /// <param name="payload">Of the draft's rows.</param>
    /// <param name="itemSets">Item sets whose values are kept.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<LogBatch> AppendAsync(ResourceRun run, BatchDraft draft, PreparedPayload payload, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var resource = run.Resource;
        var keys = KeyOrdinals(resource, draft.Rows);
        var closing = draft.Rows.Count > 0 && await quarantine.AnyOpenAsync(resource.Name, null, cancel) ? KeyTexts(draft.Rows, keys) : [];
        var (batch, position, record) = await store.WriteAsync(async session =>
        {
            await leases.AssertHeldAsync(session, run.Lease, cancel);
            var appended = await log.AppendAsync(session, resource.Name, new BatchHeader(draft.Kind, run.Id, draft.FullStart, run.Pending, draft.Staged), payload, cancel);
            var refused = draft.Refused.Select(row => row with { Batch = appended.Number, Run = run.Id }).ToList();
            var newly = refused.Count > 0 ? await quarantine.RefuseAsync(session, refused, cancel) : 0;
            var closed = closing.Count > 0 ? await quarantine.CloseAsync(session, resource.Name, null, closing, appended.Number, cancel) : 0;
            if (draft.Rows.Count > 0) await known.ApplyAsync(session, resource.Name, itemSets, draft.Rows, keys, cancel);
            // A mark deletes rows: what they held is free.
            if (draft.Rows.Count > 0 || draft.Kind == BatchKind.Mark) await quarantine.GrownAsync(session, $"resource/{resource.Name}", cancel);
            if (draft.Besides is { } besides) closed += await besides(session, appended);
            var then = draft.Then(run.Position, appended);
            await SourceStates.SaveAsync(session, resource.Name, then, cancel);
            steps.Reached(ExchangeStep.Position, resource.Name);
            var counted = Count(run.Record, draft, draft.JudgedAgain ? newly : refused.Count, payload, closed);
            await runs.UpdateAsync(session, counted, cancel);
            await messages.SendAsync(session, new ResourceGrown(resource.Name), cancel, mergeKey: $"grown/{resource.Name}");
            steps.Reached(ExchangeStep.WakeUp, resource.Name);
            return (appended, then, counted);
        }, cancel);

        steps.Reached(draft.Kind == BatchKind.Mark ? ExchangeStep.Mark : draft.Staged ? ExchangeStep.Stage : ExchangeStep.Append, resource.Name);
        budget.Spent(payload.Bytes + run.TakeContentBytes());
        run.Position = position;
        run.Record = record;
        run.Appended?.Invoke();
        return batch;
    }

    static RunRecord Count(RunRecord run, BatchDraft draft, int rejected, PreparedPayload payload, long closed) => run with
    {
        Read = run.Read + draft.Read,
        Accepted = run.Accepted + payload.Upserts,
        Deleted = run.Deleted + payload.Deletes,
        Rejected = run.Rejected + rejected,
        Closed = run.Closed + closed,
        Batches = run.Batches + 1,
        Bytes = run.Bytes + payload.Bytes,
    };

    static List<int> KeyOrdinals(Resource resource, RowBatch rows) => [.. resource.Key.Select(rows.Ordinal)];

    static List<string> KeyTexts(RowBatch rows, List<int> keys)
    {
        var texts = new List<string>(rows.Count);
        for (var row = 0; row < rows.Count; row++) texts.Add(RowKey.Text(rows, keys, row));
        return texts;
    }
}
