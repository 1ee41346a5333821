using Exchange.Bus.Intake;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>The steps that only attachments meet. Whatever is not named here is walked by the kill tests of rows, so that a step that is added is met there by itself, and fails there when rows never reach it.</summary>
internal static class AttachmentSteps
{
    /// <summary>Of reading and delivering, walked by <see cref="AttachmentKillTests"/>.</summary>
    public static IReadOnlyList<ExchangeStep> Exchanged { get; } = [ExchangeStep.ContentsPart, ExchangeStep.Contents, ExchangeStep.DeliverContentsPart, ExchangeStep.DeliverContents];

    /// <summary>Of removing what nothing refers to, walked by <see cref="AttachmentSweepTests"/>.</summary>
    public static IReadOnlyList<ExchangeStep> Swept { get; } = [ExchangeStep.ContentsMark, ExchangeStep.ContentsRemove];

    /// <summary>Steps of rows.</summary>
    public static string[] Others { get; } = [.. Enum.GetValues<ExchangeStep>().Except(Exchanged).Except(Swept).Select(step => step.ToString())];
}
