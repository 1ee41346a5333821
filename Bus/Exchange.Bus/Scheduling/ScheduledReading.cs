using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Runs;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Scheduling;

/// <summary>
/// Reads a resource for its schedules: one node at a time, until nothing waits any more. A full is asked of the source once, in the write that notes it; killed after that, another node goes on
/// with that full, and killed before, it asks. A fault leaves the reading to be tried again, later and later, by whichever node comes first.
/// </summary>
internal sealed partial class ScheduledReading(
    IStore store, ILeases leases, ICatalogue catalogue, ReadingBook book, SourceStates sources, SourceIntake intake, ConnectionWaits waits, TimeProvider time, ILogger<ScheduledReading> logger)
{
    /// <summary>How long a dead node keeps others from its reading.</summary>
    static readonly TimeSpan LeaseDuration = SourceIntake.LeaseDuration;

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);

    /// <summary>Between two attempts at a source that does not answer.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at a source that waits for a person: each leaves a record.</summary>
    static readonly TimeSpan LongestPauseHeld = TimeSpan.FromMinutes(10);

    readonly StoreClock _clock = new(time);

    /// <summary>Returns at once while another node reads.</summary>
    public async Task RunAsync(string resource, NodePlace? place, CancellationToken cancel)
    {
        HeldLease lease;
        try
        {
            lease = await HeldLease.AcquireAsync(leases, ReadingBook.LeaseName(resource), LeaseDuration, TimeSpan.Zero, null, time, cancel);
        }
        catch (ExchangeException busy) when (busy.Code == ErrorCodes.LeaseBusy)
        {
            return;
        }

        await using var held = lease;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        try
        {
            while (await book.TakeAsync(lease.Lease, resource, await _clock.ReadAsync(store, either.Token), Node.Name, either.Token) is { } reading)
                await ReadAsync(lease.Lease, reading, place, either.Token);
        }
        catch (ExchangeException lost) when (lost.Code == ErrorCodes.LeaseLost)
        {
            TakenOver(resource);
        }
        catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            TakenOver(resource);
        }
    }

    async Task ReadAsync(Lease lease, Reading reading, NodePlace? place, CancellationToken cancel)
    {
        var resource = reading.Resource;
        if ((await sources.ReadAsync(resource, cancel)).Position.CaptureRemoved)
        {
            await book.EndAsync(lease, resource, FireOutcome.Removed, 0, Node.Name, cancel);
            return;
        }

        if (reading is { Running: ReadKind.Full, FullAsked: false })
            await intake.WantFullAsync(resource, "its schedule asks for it", session => book.FullAskedAsync(session, lease, resource, cancel), cancel);
        IntakeOutcome taken;
        try
        {
            taken = await intake.RunAsync(resource, new IntakeRequest { Place = place }, null, null, cancel);
        }
        catch (ExchangeException fault) when (fault.Code == ErrorCodes.ResourceUnknown)
        {
            return; // pruned meanwhile: its row goes with it
        }
        catch (ExchangeException fault) when (fault.Code != ErrorCodes.LeaseLost)
        {
            taken = new IntakeOutcome(null, fault);
        }

        var run = taken.Record?.Id ?? 0;
        switch (taken.Fault)
        {
            case null: await EndAsync(lease, reading, FireOutcome.Done, run, cancel); break;
            // Read again at once it would break the limit again: what is wrong is corrected by people.
            case { Code: ErrorCodes.ErrorLimitReached or ErrorCodes.SourceHeld }: await EndAsync(lease, reading, FireOutcome.Stopped, run, cancel); break;
            case var fault: await TryAgainAsync(lease, reading, fault, run, cancel); break;
        }
    }

    /// <summary>Ends it, and says that it goes on where the log says that it waits, on whichever node.</summary>
    async Task EndAsync(Lease lease, Reading reading, FireOutcome outcome, long run, CancellationToken cancel)
    {
        await book.EndAsync(lease, reading.Resource, outcome, run, Node.Name, cancel);
        if (reading.FailingSince is not { } since) return;
        var waited = await _clock.ReadAsync(store, cancel) - since;
        if (reading.WaitsFor.Length > 0) waits.Answers(reading.WaitsFor, waited, WorkName(reading.Resource));
        else GoesOn(reading.Resource, waited);
    }

    async Task TryAgainAsync(Lease lease, Reading reading, ExchangeException fault, long run, CancellationToken cancel)
    {
        var held = fault is FrontEndException { Fault: FrontEndFault.Standing };
        var silent = fault is FrontEndException { Fault: FrontEndFault.Transient } ? (await catalogue.ReadAsync(cancel)).Resources.GetValueOrDefault(reading.Resource)?.Source?.Connection ?? "" : "";
        var longest = held ? LongestPauseHeld : LongestPause;
        // Doubled each time; past 20 doublings it is the longest anyhow.
        var pause = TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(reading.Failures, 20), longest.Ticks));
        var now = await _clock.ReadAsync(store, cancel);
        await book.FailAsync(lease, reading with { NotBefore = now + pause, FailingSince = reading.FailingSince ?? now, WaitsFor = silent }, held ? FireOutcome.Held : FireOutcome.Failed, run, Node.Name, cancel);
        if (reading.FailingSince is not null && reading.WaitsFor == silent) TriedAgain(reading.Resource, pause, fault.Message);
        else if (silent.Length > 0) waits.Waits(silent, fault.Message, WorkName(reading.Resource));
        else Waits(reading.Resource, fault.Message, longest);
    }

    static string WorkName(string resource) => $"the scheduled reading of {resource}";

    [LoggerMessage(1504, LogLevel.Warning, "The scheduled reading of {Resource} waits: {Why} It is tried again, every {Longest} at the latest.")]
    partial void Waits(string resource, string why, TimeSpan longest);

    [LoggerMessage(1505, LogLevel.Warning, "The scheduled reading of {Resource} goes on after {Waited}")]
    partial void GoesOn(string resource, TimeSpan waited);

    [LoggerMessage(1502, LogLevel.Debug, "The scheduled reading of {Resource} is tried again in {Pause}: {Why}")]
    partial void TriedAgain(string resource, TimeSpan pause, string why);

    [LoggerMessage(1503, LogLevel.Warning, "Another node has taken over the scheduled reading of {Resource}; nothing is lost")]
    partial void TakenOver(string resource);
}
