using Rebus.Timeouts;

namespace Exchange.Bus.Messaging;

/// <summary>Deferred messages wait in the queue itself; nothing may reach Rebus's own place for them, which is memory.</summary>
internal sealed class NoTimeouts : ITimeoutManager
{
    public Task Defer(DateTimeOffset approximateDueTime, Dictionary<string, string> headers, byte[] body) =>
        throw new InvalidOperationException("The queue keeps deferred messages; this one came past it.");

    public Task<DueMessagesResult> GetDueMessages() => Task.FromResult(DueMessagesResult.Empty);
}
