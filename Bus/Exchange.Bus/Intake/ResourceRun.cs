using Exchange.Bus.Catalogue;
using Exchange.Bus.Runs;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Intake;

/// <summary>One run that appends to one resource, whatever it reads: what it holds, and what it has done so far. Used by one flow of control; the append of the page before may go on beside it.</summary>
internal abstract class ResourceRun
{
    RunRecord _record = null!;
    long _waitedTicks;

    public required Resource Resource { get; init; }

    /// <summary>The right to be the only one that reads into this resource.</summary>
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

    public IProgress<SyncProgress>? Progress { get; init; }

    /// <summary>Called after each append: batches may be ready to be delivered.</summary>
    public Action? Appended { get; init; }

    /// <summary>Bytes of contents that were read beside the rows since it was asked last.</summary>
    public virtual long TakeContentBytes() => 0;

    public string Name => Resource.Name;

    public long Id => Record.Id;

    /// <summary>full or incremental.</summary>
    public string Kind => Record.Kind;

    /// <summary>Whether batches wait for the run's end, because it may yet break an error limit or turn out to bring other keys for the same things.</summary>
    public bool Pending => Resource.MaxErrors is not null || Resource.MaxErrorPercent is not null || (Resource.BusinessKey.Count > 0 && Kind == "incremental");

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
