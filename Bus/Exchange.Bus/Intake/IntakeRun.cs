using Exchange.Bus.Limits;
using Exchange.Bus.Runs;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>One run of reading one source: what it reads by, what it holds, and what it has done so far. Used by one flow of control; the append of the page before may go on beside it.</summary>
internal sealed class IntakeRun
{
    RunRecord _record = null!;
    long _waitedTicks;

    public required SourcePlan Plan { get; init; }

    /// <summary>The right to be the only reader of this source.</summary>
    public required Lease Lease { get; init; }

    /// <summary>The record with which the run begins or goes on.</summary>
    public required RunRecord Begun
    {
        init
        {
            _record = value;
            _waitedTicks = value.WaitedSource.Ticks;
        }
    }

    /// <summary>
    /// What the run has done. Rows are counted when their batch is committed, so a killed run that goes on counts none twice. Set by the one append that is under way; the time
    /// waited for the source is counted beside it.
    /// </summary>
    public RunRecord Record
    {
        get => _record with { WaitedSource = TimeSpan.FromTicks(Interlocked.Read(ref _waitedTicks)) };
        set => _record = value;
    }

    /// <summary>As stored by the newest append.</summary>
    public required SourcePosition Position { get; set; }

    /// <summary>The right to use the source's connection, and at what rate.</summary>
    public ConnectionTurn Turn { get; set; } = ConnectionTurn.Free;

    public IProgress<SyncProgress>? Progress { get; init; }

    /// <summary>Called after each append: batches may be ready to be delivered.</summary>
    public Action? Appended { get; init; }

    public string Name => Plan.Resource.Name;

    public long Id => Record.Id;

    /// <summary>full or incremental.</summary>
    public string Kind => Record.Kind;

    /// <summary>Whether batches wait for the run's end, because it may yet break an error limit or turn out to bring other keys for the same things.</summary>
    public bool Pending => Plan.Resource.MaxErrors is not null || Plan.Resource.MaxErrorPercent is not null || (Plan.Resource.BusinessKey.Count > 0 && Kind == "incremental");

    /// <summary>Adds to the time spent waiting for the source.</summary>
    public void Waited(TimeSpan time) => Interlocked.Add(ref _waitedTicks, time.Ticks);

    public void Report(string phase, bool ended = false) => Progress?.Report(new SyncProgress
    {
        Resource = Name,
        Phase = phase,
        Read = Record.Read,
        Accepted = Record.Accepted,
        Rejected = Record.Rejected,
        Batches = Record.Batches,
        Expected = Kind == "full" ? Position.LastFullRows : null,
        Ended = ended,
    });
}

/// <summary>A run was stopped because too many rows are wrong; nothing of it is delivered.</summary>
internal sealed class ErrorLimitException(string resource, string limit) : Contracts.Errors.ExchangeException(
    Contracts.Errors.ErrorCodes.ErrorLimitReached, Contracts.Errors.Party.Provider,
    $"Resource {resource}: the run was stopped before anything was delivered, {limit}.",
    "The rows stand in the error table and under `exchange errors list --rows`; correct them and run again. The next run reads the source in full, and subscribers change over to it at once.");
