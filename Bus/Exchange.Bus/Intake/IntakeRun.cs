namespace Exchange.Bus.Intake;

/// <summary>One run of reading one table source.</summary>
internal sealed class IntakeRun : ResourceRun
{
    /// <summary>What it reads by.</summary>
    public required SourcePlan Plan { get; init; }

    public override long TakeContentBytes() => Plan.Attachments?.TakeBytes() ?? 0;
}

/// <summary>A run was stopped because too many rows are wrong; nothing of it is delivered.</summary>
internal sealed class ErrorLimitException(string resource, string limit) : Contracts.Errors.ExchangeException(
    Contracts.Errors.ErrorCodes.ErrorLimitReached, Contracts.Errors.Party.Provider,
    $"Resource {resource}: the run was stopped before anything was delivered, {limit}.",
    "The rows stand in the error table and under `exchange errors list --rows`; correct them and run again. The next run reads the source in full, and subscribers change over to it at once.");
