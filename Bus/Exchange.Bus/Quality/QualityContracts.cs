using Exchange.Bus.Catalogue;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>A row that broke rules.</summary>
/// <param name="Row">Row of the page that was judged.</param>
/// <param name="Key">Key text in item types; null when a key item is missing or broken.</param>
/// <param name="Broken">Every broken rule, at least one.</param>
internal sealed record RejectedRow(int Row, string? Key, IReadOnlyList<BrokenRule> Broken);

/// <summary>What judging a page gave.</summary>
/// <param name="Accepted">Good rows in item types, items in the resource's order, all upserts.</param>
/// <param name="AcceptedRows">For each accepted row its row in the page.</param>
/// <param name="Rejected">The others, in page order.</param>
internal sealed record JudgedPage(RowBatch Accepted, IReadOnlyList<int> AcceptedRows, IReadOnlyList<RejectedRow> Rejected);

/// <param name="Keys">Key items in key order.</param>
/// <param name="Places">For each row that was given its row in <paramref name="Keys"/>; null where the key is incomplete or does not convert, so no good row ever had it.</param>
internal sealed record ConvertedKeys(RowBatch Keys, IReadOnlyList<int?> Places);

/// <summary>Judges rows of one resource: converts to item types, normalises, checks every rule. Immutable, safe for concurrent callers.</summary>
internal interface IRowJudge
{
    /// <summary>Judges the rows of a page whose columns are named by items (columns that are no items are passed over). Item sets that references
    /// and `unique` need are looked up once a page.</summary>
    /// <param name="page">The rows.</param>
    /// <param name="leaving">Digests of keys that are deleted together with these rows: what they held is free. Null: none.</param>
    /// <param name="cancel">Stops.</param>
    Task<JudgedPage> JudgeAsync(SourcePage page, IReadOnlySet<string>? leaving, CancellationToken cancel);

    /// <summary>The same where nothing is deleted with the rows.</summary>
    Task<JudgedPage> JudgeAsync(SourcePage page, CancellationToken cancel) => JudgeAsync(page, null, cancel);

    /// <summary>Keys in item types, normalised as the items ask: for deletions, whose rows hold nothing else. Columns that are no key items are passed over.</summary>
    ConvertedKeys ConvertKeys(RowBatch rows);

    /// <summary>Whether rules ask for rows of the resource itself (`unique`, references to itself): then a page can be judged only once the page before is in the log.</summary>
    bool AsksOwnRows { get; }
}

/// <summary>Builds judges; all expressions and rules were checked when the manifest was applied.</summary>
internal interface IRowJudgeFactory
{
    IRowJudge Create(Resource resource, CatalogueSnapshot catalogue);
}
