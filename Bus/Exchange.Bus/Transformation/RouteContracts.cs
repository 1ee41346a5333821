using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation;

/// <summary>What routing a batch to one subscription gave.</summary>
/// <param name="Rows">In target columns: upserts of rows that pass the filter; deletes (key columns only) of rows that were deleted or do not pass.</param>
/// <param name="SourceRows">For each row of <paramref name="Rows"/> its row in the log batch.</param>
/// <param name="Refused">Rows that the map refuses (unmapped code, value that the target column's type cannot hold), with their row in the log batch.</param>
internal sealed record RoutedBatch(RowBatch Rows, IReadOnlyList<int> SourceRows, IReadOnlyList<(int Row, IReadOnlyList<BrokenRule> Broken)> Refused);

/// <summary>One subscription's way from a resource's rows to its target: filter, map, code maps, computed items. Immutable, safe for concurrent callers.</summary>
internal interface IRoute
{
    /// <summary>The target's columns, types and key as the map makes them.</summary>
    TargetTable Target { get; }

    /// <summary>Whether every row of the resource stands at the target: there is no filter.</summary>
    bool TakesEveryRow { get; }

    /// <summary>The target's columns in which those items stand one to one, in their order; null: some item has none.</summary>
    IReadOnlyList<string>? ColumnsOf(IReadOnlyList<string> items);

    /// <summary>A digest over everything that decides what is delivered (filter, map, code maps' content, target, types): when it changes, the log is delivered anew.</summary>
    string Fingerprint { get; }

    /// <summary>For each of the target's columns the item whose values stand in it unchanged; null: some are translated, computed, converted or constant, or a filter keeps rows back.</summary>
    IReadOnlyList<string>? Unchanged { get; }

    /// <summary>Attachment items that stand in the target's columns, as they are or in what is computed of them.</summary>
    IReadOnlyList<string> Attachments { get; }

    /// <summary>Log batches may have fewer or other columns than the resource has now: missing items are null.</summary>
    RoutedBatch Route(RowBatch batch);

    /// <summary>The target's key columns (constants filled in) for key texts of the resource (<see cref="RowKey"/>).</summary>
    RowBatch TargetKeys(IReadOnlyList<string> keyTexts);

    /// <summary>The other way: for each row of key columns of the target the key text of the resource; null: no key of the resource leads there.</summary>
    IReadOnlyList<string?> ResourceKeys(RowBatch targetKeys);
}

internal interface IRouteFactory
{
    IRoute Create(Subscription subscription, CatalogueSnapshot catalogue);
}
