using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Retention;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Attachments;

/// <summary>Puts an <see cref="AttachmentSource"/> before the reader of a source whose rows have attachments.</summary>
internal sealed class AttachmentIntake(ContentStore contents, LogBudget budget, ExchangeSteps steps)
{
    /// <summary>Keeps the contents. Where there is no room for them, reading ends before they are taken.</summary>
    public AttachmentSource? Storing(ISourceReader source, Resource resource) => Before(source, resource, async cancel =>
    {
        await budget.AdmitAsync(cancel);
        return contents.Begin();
    }, steps);

    /// <summary>Computes references and keeps nothing: for comparing.</summary>
    public static AttachmentSource? Comparing(ISourceReader source, Resource resource) => Before(source, resource, _ => Task.FromResult<ContentIntake>(new ComparedContents()), null);

    static AttachmentSource? Before(ISourceReader source, Resource resource, Func<CancellationToken, Task<ContentIntake>> begin, ExchangeSteps? steps)
    {
        var limits = resource.Items.Where(item => item.Type.IsAttachment).ToDictionary(item => item.Name, item => item.MaxAttachmentBytes ?? Item.DefaultAttachmentBytes, StringComparer.Ordinal);
        return limits.Count == 0 ? null : new AttachmentSource(source, limits, begin, steps, resource.Name);
    }
}
