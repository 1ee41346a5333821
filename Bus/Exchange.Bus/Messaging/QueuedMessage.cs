namespace Exchange.Bus.Messaging;

/// <summary>A message to be put into a queue.</summary>
/// <param name="Recipient">The queue.</param>
/// <param name="Headers">As they travel.</param>
/// <param name="Body">Bytes.</param>
/// <param name="Delay">Not visible before this from now.</param>
/// <param name="MergeKey">Needless while one with the same key waits untouched; null: always needed.</param>
/// <param name="Rounds">How often it came into the error queue so far.</param>
/// <param name="FirstFailedAt">Microseconds since 1970 UTC, or null.</param>
internal sealed record QueuedMessage(string Recipient, IReadOnlyDictionary<string, string> Headers, byte[] Body, TimeSpan Delay = default, string? MergeKey = null, int Rounds = 0, long? FirstFailedAt = null);

/// <summary>A message that a node holds by a lease. <see cref="Owner"/> and <see cref="Attempts"/> together fence: a later claim differs in one of them.</summary>
/// <param name="Id">Row.</param>
/// <param name="Recipient">The queue.</param>
/// <param name="Owner">The node.</param>
/// <param name="Attempts">This delivery's number, from 1, counted over all nodes.</param>
/// <param name="Rounds">How often it came into the error queue so far.</param>
/// <param name="FirstFailedAt">Microseconds since 1970 UTC, or null.</param>
/// <param name="Headers">As they travelled.</param>
/// <param name="Body">Bytes.</param>
internal sealed record ClaimedMessage(long Id, string Recipient, string Owner, int Attempts, int Rounds, long? FirstFailedAt, Dictionary<string, string> Headers, byte[] Body)
{
    /// <summary>What duplicates share. A message without one is only ever itself.</summary>
    public string MessageId => Headers.GetValueOrDefault(Rebus.Messages.Headers.MessageId) ?? $"row-{Id}";
}
