using System.Globalization;
using Exchange.Bus.Catalogue.Schema;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Catalogue.Kinds;

internal static class ResourceSchema
{
    static readonly Field<string> Provider = new("provider", Scalars.NameOf(ManifestKind.Department), "Department that provides it.", required: true);

    static readonly Field<FrequencyClass> Class = new("class", Scalars.Choice(
        [("a", FrequencyClass.A), ("b", FrequencyClass.B), ("c", FrequencyClass.C), ("d", FrequencyClass.D), ("e", FrequencyClass.E)]),
        "Frequency class of DB23/T 2835 §7.2.2: the longest gap between exchanges, by which lights and timeliness are told. a, b and d one day, c real time (one day at least), e seven days.");

    static readonly Field<ShareType> Share = new("shareType", Scalars.Choice(
        [("unconditional", ShareType.Unconditional), ("conditional", ShareType.Conditional), ("none", ShareType.None)]),
        "conditional (default): an application must be approved, and an administrator's apply counts as approval; none: subscriptions are refused.");

    static readonly Field<IReadOnlyList<string>> Key = new("key", new ListShape<string>(Scalars.Identifier, mayBeEmpty: false), "Items that name a row. They are required, whether they say so or not; double and binary items cannot be keys.", required: true);

    static readonly Field<IReadOnlyList<Item>> Items = new("items", new ListShape<Item>(ItemSchema.Item, mayBeEmpty: false), "What a row holds.", required: true);

    static readonly Field<IReadOnlyList<RowRule>> Rules = new("rules", new ListShape<RowRule>(ItemSchema.Rule), "Rules on the whole row.");

    static readonly Field<IReadOnlyList<string>> RequiredColumns = new("requiredColumns", new ListShape<string>(Scalars.Identifier),
        "Columns that the source must have beside the items; apply refuses a table that lacks one, naming it.");

    static readonly Field<IReadOnlyList<string>> Latest = new("latest", new ListShape<string>(Scalars.Identifier, mayBeEmpty: false),
        "Items whose greatest tuple wins among rows of one key; equal ones are error rows.", required: true);

    static readonly Field<IReadOnlyList<string>> Deduplicate = new("deduplicate",
        new RecordShape<IReadOnlyList<string>>("deduplicate", [Latest], values => values.Required(Latest)),
        "Which of several rows with one key counts. Left out: such rows are error rows.");

    static readonly Field<IReadOnlyList<string>> BusinessKey = new("businessKey", new ListShape<string>(Scalars.Identifier, mayBeEmpty: false),
        "Items by which people tell rows apart whatever key the department's software gives them, such as the number of a document and who issued it: a row whose values another row holds is an error row, and an increment in which most rows are such holds the exchange (reason a).");

    static readonly Field<IReadOnlyList<ReorganisationReason>> ByItself = new("automatic", new ListShape<ReorganisationReason>(Scalars.Choice(
        [("a", ReorganisationReason.KeyChanged), ("b", ReorganisationReason.ContentOffStandard), ("c", ReorganisationReason.CodesOffStandard), ("d", ReorganisationReason.IncrementBroken)])),
        "Reasons of DB23/T 2835 §7.3.4 for which the hub reads the resource anew without waiting for a notice; default [d].", required: true);

    static readonly Field<IReadOnlyList<ReorganisationReason>> Reorganise = new("reorganise",
        new RecordShape<IReadOnlyList<ReorganisationReason>>("reorganise", [ByItself], values => values.Required(ByItself)),
        "When increments cannot go on and the full must be re-organised.");

    static readonly Field<long> BatchRows = new("batchRows", Scalars.Whole(1, 1_000_000), "Rows of a batch at most; default 20000.");

    static readonly Field<long> BatchBytes = new("batchBytes", Scalars.Whole(64 * 1024, 256L * 1024 * 1024), "A batch is cut where its rows reach so many bytes; default 16777216 (16 MiB).");

    static readonly Field<long> MaxErrors = new("maxErrors", Scalars.Whole(0, long.MaxValue), "A run with more rejected rows stops before it delivers; no limit by default.");

    static readonly Field<decimal> MaxErrorPercent = new("maxErrorPercent", Scalars.Number(0, 100), "As maxErrors, in percent of the rows read.");

    static readonly Field<long> MaxCellBytes = new("maxCellBytes", Scalars.Whole(1, 1024 * 1024 * 1024), "Largest value in bytes; a larger one is an error row. Default 16777216 (16 MiB).");

    static readonly Field<TableSource> Source = new("source", SourceSchema.Source, "Where rows are read. Left out: the resource is fed by push or import.");

    public static KindSchema Kind { get; } = new KindSchema<Resource>(
        ManifestKind.Resource,
        "resources",
        "A catalogue entry: what is exchanged, how a row is named and judged, where it is read.",
        new RecordShape<Resource>("Resource spec",
            [Provider, Class, Share, Key, Items, Rules, RequiredColumns, Deduplicate, BusinessKey, Reorganise, BatchRows, BatchBytes, MaxErrors, MaxErrorPercent, MaxCellBytes, Source], Build),
        Columns);

    static Resource Build(RecordValues values) => new()
    {
        Name = values.Name,
        Title = values.Title,
        Provider = values.Required(Provider),
        Class = values.OptionalValue(Class),
        ShareType = values.Or(Share, ShareType.Conditional),
        Key = values.Required(Key),
        // A row without its key cannot be named: key items are required by what they are.
        Items = [.. values.Required(Items).Select(item => values.Required(Key).Contains(item.Name) ? item with { Required = true } : item)],
        Rules = values.Or(Rules, []),
        RequiredColumns = values.Or(RequiredColumns, []),
        DeduplicateBy = values.Or(Deduplicate, []),
        BusinessKey = values.Or(BusinessKey, []),
        ReorganiseByItself = values.Or(Reorganise, [ReorganisationReason.IncrementBroken]),
        BatchRows = (int)values.Or(BatchRows, 20_000),
        BatchBytes = values.Or(BatchBytes, 16L * 1024 * 1024),
        MaxErrors = values.OptionalValue(MaxErrors),
        MaxErrorPercent = values.OptionalValue(MaxErrorPercent),
        MaxCellBytes = (int)values.Or(MaxCellBytes, 16 * 1024 * 1024),
        Source = values.Optional(Source),
    };

    static IEnumerable<(string, string)> Columns(Resource resource) =>
    [
        ("PROVIDER", resource.Provider),
        ("SHARE", resource.ShareType.ToString().ToLowerInvariant()),
        ("KEY", string.Join(",", resource.Key)),
        ("ITEMS", resource.Items.Count.ToString(CultureInfo.InvariantCulture)),
        ("SOURCE", resource.Source is { } source ? $"{source.Connection}:{source.Table?.ToString() ?? "(query)"}" : "(push or import)"),
        ("CAPTURE", resource.Source is { } captured ? SourceSchema.Word(captured.Mode) : ""),
        ("GENERATION", resource.Generation.ToString(CultureInfo.InvariantCulture)),
    ];
}
