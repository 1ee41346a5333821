using Exchange.Bus.Catalogue.Documents;
using Exchange.Bus.Catalogue.Schema;
using Exchange.Bus.Quality.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Catalogue.Kinds;

/// <summary>Items of a resource and the rules on them and on the row.</summary>
internal static class ItemSchema
{
    static readonly IReadOnlyList<string> RuleNames = ["uscc", "citizen-id", "min", "max", "pattern", "length", "unique"];

    static readonly Field<string> Name = new("name", Scalars.Identifier, "Name of the item; the column's name too unless source.columns says otherwise.", required: true);
    static readonly Field<string> Title = new("title", Scalars.Text, "What people read.");

    static readonly Field<ItemType> Type = new("type", Scalars.Type,
        "string(n) with n code points, text, int32, int64, decimal(p,s) with at most 28 digits, double, boolean, date, timestamp (an instant, microseconds), binary, attachment (a file or other contents of any size, carried beside the rows: rows hold `sha256:DIGEST/BYTES`, the target's table exchange_attachment the contents).", required: true);

    static readonly Field<bool> Required = new("required", Scalars.Boolean, "Whether NULL and the empty text are errors; default false.");
    static readonly Field<string> CodeSet = new("codeSet", Scalars.NameOf(ManifestKind.CodeSet), "Set that the value must stand in.");

    static readonly Field<IReadOnlyList<ItemRule>> Rules = new("rules", new ListShape<ItemRule>(new ScalarShape<ItemRule>("rule", ReadRule)),
        "Built-in rules: uscc, citizen-id, min N, max N, pattern REGEX, length A..B, unique.");

    static readonly Field<IReadOnlyList<string>> Normalize = new("normalize", new ListShape<string>(new ScalarShape<string>("step", ReadNormalisation)),
        "Done in order before the checks: trim, halfwidth, fullwidth, upper, lower, empty-null, or a date format such as yyyyMMdd that texts are read by. Nothing by default.");

    static readonly Field<long> MaxAttachmentBytes = new("maxAttachmentBytes", Scalars.Size(1024, 1L << 40), "Of an attachment: most bytes of its contents; larger ones are error rows and are not kept. Default 1GiB.");

    public static RecordShape<Item> Item { get; } = new("item", [Name, Title, Type, Required, CodeSet, Rules, Normalize, MaxAttachmentBytes], values => new Item
    {
        Name = values.Required(Name),
        Title = values.Optional(Title),
        Type = values.Required(Type),
        Required = values.Or(Required, false),
        CodeSet = values.Optional(CodeSet),
        Rules = values.Or(Rules, []),
        Normalize = values.Or(Normalize, []),
        MaxAttachmentBytes = values.OptionalValue(MaxAttachmentBytes),
    });

    static readonly Field<string> ReferenceResource = new("resource", Scalars.NameOf(ManifestKind.Resource), "The other resource.", required: true);

    static readonly Field<IReadOnlyList<KeyValuePair<string, string>>> ReferenceItems =
        new("items", new MapShape<string>("item here", Scalars.Identifier, mayBeEmpty: false), "Item here → item there; together they must stand in one row there.", required: true);

    static readonly RecordShape<Reference> Reference = new("reference", [ReferenceResource, ReferenceItems],
        values => new Reference(values.Required(ReferenceResource), values.Required(ReferenceItems).ToDictionary(StringComparer.Ordinal)));

    static readonly Field<string> RuleName = new("name", Scalars.Identifier, "Name of the rule, unique in the resource; error rows carry it.", required: true);

    static readonly Field<string> RuleExpression = new("expression", Scalars.Text,
        "Expression over the row's items; the rule is broken only when it is false, not when it is null.");

    static readonly Field<Reference> RuleReference = new("reference", Reference, "The row's items must stand in another resource; NULL in any of them passes.");
    static readonly Field<string> RuleMessage = new("message", Scalars.Text, "What the department reads when the rule is broken.");

    public static RecordShape<RowRule> Rule { get; } = new("row rule", [RuleName, RuleExpression, RuleReference, RuleMessage], values => new RowRule
    {
        Name = values.Required(RuleName),
        Expression = values.Optional(RuleExpression),
        Reference = values.Optional(RuleReference),
        Message = values.Optional(RuleMessage),
    })
    {
        Check = rule => rule.Expression is null == rule.Reference is null ? ("name", $"the rule '{rule.Name}' needs an expression or a reference, one of the two") : null,
    };

    static string? ReadRule(string text, out ItemRule rule)
    {
        var parts = text.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        rule = new ItemRule(parts.FirstOrDefault() ?? "", parts.ElementAtOrDefault(1));
        return RuleNames.Contains(rule.Name) ? null : $"'{rule.Name}' is no rule{NearestName.Hint(rule.Name, [.. RuleNames])}";
    }

    static string? ReadNormalisation(string text, out string step)
    {
        step = text;
        var isFormat = text.Contains("yy", StringComparison.Ordinal) && text.Contains('M', StringComparison.Ordinal) && text.Contains('d', StringComparison.Ordinal);
        return isFormat || TextNormalizer.Steps.Contains(text)
            ? null
            : $"'{text}' is neither a date format (with yyyy, MM and dd) nor a normalisation{NearestName.Hint(text, TextNormalizer.Steps)}";
    }
}
