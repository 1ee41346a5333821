using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Attachments;

/// <summary>Puts an <see cref="AttachmentSource"/> before the reader of a source whose rows have attachments.</summary>
internal sealed class AttachmentIntake(ContentStore contents, ExchangeSteps steps)
{
    /// <summary>Keeps the contents.</summary>
    public AttachmentSource? Storing(ISourceReader source, Resource resource) => Before(source, resource, contents.Begin, steps);

    /// <summary>Computes references and keeps nothing: for comparing.</summary>
    public static AttachmentSource? Comparing(ISourceReader source, Resource resource) => Before(source, resource, () => new ComparedContents(), null);

    static AttachmentSource? Before(ISourceReader source, Resource resource, Func<ContentIntake> begin, ExchangeSteps? steps)
    {
        var limits = resource.Items.Where(item => item.Type.IsAttachment).ToDictionary(item => item.Name, item => item.MaxAttachmentBytes ?? Item.DefaultAttachmentBytes, StringComparer.Ordinal);
        return limits.Count == 0 ? null : new AttachmentSource(source, limits, begin, steps, resource.Name);
    }
}
