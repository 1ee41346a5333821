namespace Exchange.Bus.Intake;

/// <summary>Takes up changes as the source's mode tells them: by the triggers' change log, or by the database's own.</summary>
internal sealed class ChangeReading(ChangeLogReader log, WalReader wal)
{
    /// <summary>Takes up as much as waits now.</summary>
    public Task TakeAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel) =>
        run.Plan.FollowsWal ? wal.TakeAsync(run, itemSets, cancel) : log.TakeAsync(run, itemSets, cancel);
}
