using Exchange.Bus.Delivery;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Attachments;

/// <summary>What the rows of a batch will refer to at a target.</summary>
internal static class RoutedReferences
{
    /// <summary>Each once; those of items that the target's columns hold, alone or in what is computed of them.</summary>
    public static HashSet<string> Of(DeliveryRun run, RowBatch log, RoutedBatch routed)
    {
        var references = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in run.Route.Attachments.Select(log.Ordinal).Where(at => at >= 0).Select(at => log.Columns[at]).Where(column => column.Type.IsAttachment))
            for (var row = 0; row < routed.Rows.Count; row++)
                if (routed.Rows.Operations[row] == RowOperation.Upsert && column.TextAt(routed.SourceRows[row]) is { } reference) references.Add(reference);
        return references;
    }
}
