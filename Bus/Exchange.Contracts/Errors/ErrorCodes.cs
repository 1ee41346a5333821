namespace Exchange.Contracts.Errors;

/// <summary>The one catalogue of error codes. The first word names the place, the last what is wrong.</summary>
public static class ErrorCodes
{
    public const string ManifestInvalid = "hub.manifest.invalid";
    public const string ManifestUnknown = "hub.manifest.unknown";
    public const string ResourceUnknown = "hub.resource.unknown";
    public const string ResourceHeld = "hub.resource.held";
    /// <summary>A file that is not what its form asks, or does not fit the resource.</summary>
    public const string FileInvalid = "hub.file.invalid";
    public const string SubscriptionUnknown = "hub.subscription.unknown";
    public const string SubscriptionHeld = "hub.subscription.held";
    public const string LeaseBusy = "hub.lease.busy";
    public const string LeaseLost = "hub.lease.lost";
    public const string MessageUnknown = "hub.message.unknown";
    public const string MessageInvalid = "hub.message.invalid";
    public const string StoreInvalid = "hub.store.invalid";
    public const string StoreUnreachable = "hub.store.unreachable";
    public const string StoreOutdated = "hub.store.outdated";
    public const string StoreDamaged = "hub.store.damaged";
    public const string LogFull = "hub.log.full";
    public const string SecretUnreadable = "hub.secret.unreadable";
    public const string SourceHeld = "provider.source.held";
    public const string ErrorLimitReached = "provider.quality.limit";
    public const string FrontEndUnreachable = "frontend.connection.unreachable";
    public const string FrontEndLoginRefused = "frontend.login.refused";
    public const string FrontEndRightMissing = "frontend.right.missing";
    public const string FrontEndObjectMissing = "frontend.object.missing";
    public const string FrontEndUnfit = "frontend.table.unfit";
    public const string FrontEndFailed = "frontend.statement.failed";
    /// <summary>A fault that nobody foresaw: a bug.</summary>
    public const string ProgramFailed = "hub.program.failed";
    public const string LedgerMismatch = "subscriber.ledger.mismatch";
    public const string SwitchUnequal = "subscriber.switch.unequal";
}
