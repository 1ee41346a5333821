using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Intake;

/// <summary>
/// The named steps of an exchange, in their order. A hub killed right after any of them and started again ends with the target equal to the source; the kill
/// tests walk this list, so a step that is added here is tested by itself.
/// </summary>
internal enum ExchangeStep
{
    /// <summary>Rows were read; nothing is stored.</summary>
    Read,
    /// <summary>A piece of an attachment's contents was taken; its rest was not.</summary>
    ContentsPart,
    /// <summary>The contents of a page's attachments are durable; no batch refers to them yet.</summary>
    Contents,
    /// <summary>Rows were judged; nothing is stored.</summary>
    Quality,
    /// <summary>The payload is durable, the batch is not yet in the log.</summary>
    Payload,
    /// <summary>Batch, quarantine and the source's position are written, in a transaction that is not committed.</summary>
    Position,
    /// <summary>The wake-up message is written in the same transaction, which is not committed.</summary>
    WakeUp,
    /// <summary>Batch, quarantine, position and wake-up are committed, together.</summary>
    Append,
    /// <summary>A batch of a re-organised full is in the log, where it waits for the mark.</summary>
    Stage,
    /// <summary>The source's change log was acknowledged.</summary>
    Acknowledge,
    /// <summary>Errors were written to the provider, the hub has not noted it.</summary>
    PushBack,
    /// <summary>A full's mark was appended.</summary>
    Mark,
    /// <summary>A part of an attachment's contents is at the target, others are not.</summary>
    DeliverContentsPart,
    /// <summary>The contents that a batch's rows refer to are at the target, the rows are not.</summary>
    DeliverContents,
    /// <summary>Contents at a target that no row refers to are marked; none is removed.</summary>
    ContentsMark,
    /// <summary>Contents of an attachment at a target were removed; others that may go stand.</summary>
    ContentsRemove,
    /// <summary>All of a re-organised full is at the target, in a transaction that is not committed.</summary>
    Switch,
    /// <summary>Rows and ledger entry are at the target, not committed.</summary>
    DeliverBeforeCommit,
    /// <summary>The target has committed, the hub has not noted it.</summary>
    DeliverAfterCommit,
    /// <summary>The hub has noted how far the subscription is.</summary>
    Cursor,
}

/// <summary>
/// Tells that a step was reached. With <c>EXCHANGE_KILL_AT=STEP[:N]</c> in the environment the process kills itself (SIGKILL, nothing is cleaned up) when it
/// reaches that step for the N-th time: how operators and tests try what a crash does. Safe for concurrent callers.
/// </summary>
internal sealed partial class ExchangeSteps
{
    readonly ILogger<ExchangeSteps> _log;
    readonly ExchangeStep? _killAt;
    int _left;

    public ExchangeSteps(ILogger<ExchangeSteps> log)
    {
        _log = log;
        if (Environment.GetEnvironmentVariable("EXCHANGE_KILL_AT") is not { Length: > 0 } wish) return;
        var parts = wish.Split(':');
        if (Enum.TryParse(parts[0], ignoreCase: true, out ExchangeStep step)) _killAt = step;
        _left = parts.Length > 1 && int.TryParse(parts[1], out var times) ? times : 1;
    }

    public void Reached(ExchangeStep step, string subject)
    {
        StepReached(step, subject);
        if (_killAt != step || Interlocked.Decrement(ref _left) != 0) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite); // the signal is on its way; nothing further may happen
    }

    [LoggerMessage(1100, LogLevel.Debug, "Step {Step} of {Subject}")]
    partial void StepReached(ExchangeStep step, string subject);
}
