namespace Exchange.Contracts.Messages;

/// <summary>
/// The log of a resource has more batches than before. It only wakes: losing it costs delay, receiving it twice or late costs nothing, for the receiver compares
/// cursors with the log.
/// </summary>
/// <param name="Resource">The resource's name.</param>
public sealed record ResourceGrown(string Resource);
