namespace Exchange.Contracts.Operations;

/// <summary>Why a full update is re-organised: the cases a to e of DB23/T 2835 §7.3.4.</summary>
public enum ReorganisationReason
{
    /// <summary>a: the unique identifier of the business table was changed.</summary>
    KeyChanged,
    /// <summary>b: content does not conform to the standard.</summary>
    ContentOffStandard,
    /// <summary>c: content does not conform to the code sets.</summary>
    CodesOffStandard,
    /// <summary>d: increments cannot be recognised any more.</summary>
    IncrementBroken,
    /// <summary>e: any other change that the normal flow cannot follow.</summary>
    Other,
}

/// <summary>A department's word that a resource must be read anew.</summary>
/// <param name="Resource">Which.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">What the department says, or null.</param>
/// <param name="Hold">Only hold the increments; a later notice lets the full begin.</param>
/// <param name="By">Who gave it.</param>
public sealed record ReorganisationNotice(string Resource, ReorganisationReason Reason, string? Message, bool Hold, string By);

/// <summary>How a re-organised full came to one subscriber.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="Switched">Whether its target has changed over to the new full.</param>
/// <param name="Rows">Rows that its target then held; null: not yet counted.</param>
/// <param name="Expected">Rows that it was to hold; null where filters, refusals or changes meanwhile leave that to a comparison of keys.</param>
/// <param name="Duplicates">Business keys that stood there more than once; null: the resource names no business key, or the map does not carry it.</param>
public sealed record SwitchView(string Subscription, bool Switched, long? Rows, long? Expected, long? Duplicates);

/// <summary>One re-organisation of a resource's full update.</summary>
public sealed record ReorganisationView
{
    public required long Id { get; init; }
    public required string Resource { get; init; }
    /// <summary>a, b, c, d or e.</summary>
    public required string Reason { get; init; }
    /// <summary>held, wanted, reading, switching, done or withdrawn.</summary>
    public required string State { get; init; }
    /// <summary>What the hub saw, or what the notice says.</summary>
    public required string Detail { get; init; }
    /// <summary>UTC.</summary>
    public required DateTimeOffset Since { get; init; }
    /// <summary>Who gave notice; null: nobody, the hub began by itself or waits.</summary>
    public string? NotifiedBy { get; init; }
    /// <summary>UTC.</summary>
    public DateTimeOffset? Notified { get; init; }
    /// <summary>When its full began; UTC.</summary>
    public DateTimeOffset? Began { get; init; }
    /// <summary>When its full had been read and the new cursor was opened; UTC.</summary>
    public DateTimeOffset? Ended { get; init; }
    public long Read { get; init; }
    public long Accepted { get; init; }
    public long Rejected { get; init; }
    /// <summary>Number of the mark that ends the full; 0: not read yet.</summary>
    public long Mark { get; init; }
    public IReadOnlyList<SwitchView> Switches { get; init; } = [];
}

/// <summary>
/// Re-organised full updates: notices, and what became of them. A notice is kept in the write that notes it with the source, so it is there whole or not at all. Safe for
/// concurrent callers and beside a running hub: a notice waits for the run that is going on.
/// </summary>
public interface IReorganisations
{
    /// <exception cref="Errors.ExchangeException">hub.resource.unknown; hub.manifest.invalid: the resource has no source to read.</exception>
    Task NoticeAsync(ReorganisationNotice notice, CancellationToken cancel);

    /// <summary>Takes a notice or a hold back whose full has not begun: increments go on.</summary>
    /// <returns>False: there was none.</returns>
    Task<bool> WithdrawAsync(string resource, string by, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<ReorganisationView>> ListAsync(string? resource, int most, CancellationToken cancel);
}
