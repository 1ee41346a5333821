using Exchange.Contracts.Errors;

namespace Exchange.Contracts.Operations;

public enum FailedMessageState
{
    /// <summary>Waits for somebody's decision.</summary>
    Failed,
    /// <summary>Was given back to its queue. When it fails again it stands as <see cref="Failed"/> again.</summary>
    Retried,
    /// <summary>Somebody decided that it is not needed.</summary>
    Archived,
}

/// <summary>Failed messages with one cause, as far as can be told: the same exception from the same place.</summary>
/// <param name="Key">Names the group; stable between runs of the program.</param>
/// <param name="ExceptionType">Full name.</param>
/// <param name="Place">The method it came from.</param>
/// <param name="Message">What the newest of them says.</param>
/// <param name="Count">Messages in state Failed.</param>
/// <param name="FirstFailedAt">UTC.</param>
/// <param name="LastFailedAt">UTC.</param>
public sealed record FailedMessageGroup(string Key, string ExceptionType, string Place, string Message, int Count, DateTimeOffset FirstFailedAt, DateTimeOffset LastFailedAt);

/// <summary>A message that could not be handled.</summary>
/// <param name="Id">Its number in the error queue.</param>
/// <param name="MessageId">Its own id, kept when it is retried.</param>
/// <param name="Type">Its type's name on the wire, or empty when it had none.</param>
/// <param name="Queue">Where it was to be handled.</param>
/// <param name="Group">Key of its group.</param>
/// <param name="ExceptionType">Full name.</param>
/// <param name="Place">The method it came from.</param>
/// <param name="Message">What the exception says.</param>
/// <param name="Attempts">How often it was delivered in its last round, over all nodes.</param>
/// <param name="Rounds">How often it came into the error queue, this time included.</param>
/// <param name="FirstFailedAt">UTC.</param>
/// <param name="FailedAt">UTC.</param>
/// <param name="State">What has been decided.</param>
public sealed record FailedMessage(long Id, string MessageId, string Type, string Queue, string Group, string ExceptionType, string Place, string Message,
    int Attempts, int Rounds, DateTimeOffset FirstFailedAt, DateTimeOffset FailedAt, FailedMessageState State);

/// <param name="Message">The message.</param>
/// <param name="Stack">The exception with its stack trace and inner exceptions.</param>
/// <param name="Headers">As they travelled.</param>
/// <param name="Body">As text: JSON.</param>
public sealed record FailedMessageDetail(FailedMessage Message, string Stack, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// The error queue. Every operation is one store transaction; what is not in state Failed any more is passed over, so that two people who do the same do it once.
/// Safe for concurrent callers. Works whether or not the bus runs here.
/// </summary>
public interface IFailedMessages
{
    /// <summary>Groups with messages in state Failed, the largest first.</summary>
    Task<IReadOnlyList<FailedMessageGroup>> GroupsAsync(CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="state">Null: all.</param>
    /// <param name="group">Null: all.</param>
    /// <param name="before">Only numbers below it: the last one of the page before; null: from the newest.</param>
    /// <param name="most">Page size.</param>
    /// <param name="cancel">Stops.</param>
    Task<IReadOnlyList<FailedMessage>> ListAsync(FailedMessageState? state, string? group, long? before, int most, CancellationToken cancel);

    /// <exception cref="ExchangeException">hub.message.unknown.</exception>
    Task<FailedMessageDetail> ShowAsync(long id, CancellationToken cancel);

    /// <summary>Gives messages back to their queues, with all their attempts before them.</summary>
    /// <returns>How many.</returns>
    Task<int> RetryAsync(IReadOnlyList<long> ids, CancellationToken cancel);

    /// <summary>The same for all messages of a group in state Failed.</summary>
    Task<int> RetryGroupAsync(string group, CancellationToken cancel);

    /// <summary>Sends a mended copy under a new message id; the old message counts as retried.</summary>
    /// <exception cref="ExchangeException">hub.message.unknown: no such message in state Failed; hub.message.invalid: the body is no JSON of the message's type. Nothing was changed.</exception>
    Task EditAndRetryAsync(long id, string body, CancellationToken cancel);

    /// <summary>Puts messages aside.</summary>
    /// <returns>How many.</returns>
    Task<int> ArchiveAsync(IReadOnlyList<long> ids, CancellationToken cancel);
}
