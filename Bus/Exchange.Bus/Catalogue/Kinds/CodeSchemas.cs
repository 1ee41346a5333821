using System.Globalization;
using Exchange.Bus.Catalogue.Schema;

namespace Exchange.Bus.Catalogue.Kinds;

internal static class CodeSetSchema
{
    static readonly Field<IReadOnlyList<KeyValuePair<string, string>>> Codes =
        new("codes", new MapShape<string>("code", Scalars.Text, mayBeEmpty: false), "Code → meaning. Codes are text: \"01\" and \"1\" differ.", required: true);

    public static KindSchema Kind { get; } = new KindSchema<CodeSet>(
        ManifestKind.CodeSet,
        "codesets",
        "The codes that an item may hold.",
        new RecordShape<CodeSet>("CodeSet spec", [Codes], values => new CodeSet
        {
            Name = values.Name,
            Title = values.Title,
            Codes = values.Required(Codes).ToDictionary(StringComparer.Ordinal),
        }),
        set => [("CODES", set.Codes.Count.ToString(CultureInfo.InvariantCulture))]);
}

internal static class CodeMapSchema
{
    static readonly Field<string> From = new("from", Scalars.NameOf(ManifestKind.CodeSet), "Set of the codes that come in; then every code of the map must stand in it.");
    static readonly Field<string> To = new("to", Scalars.NameOf(ManifestKind.CodeSet), "Set of the codes that go out; then every code given must stand in it.");

    static readonly Field<IReadOnlyList<KeyValuePair<string, string>>> Map =
        new("map", new MapShape<string>("code", Scalars.AnyText, mayBeEmpty: false), "Code in → code out. A code that is not in the map is an error row, never a default.", required: true);

    public static KindSchema Kind { get; } = new KindSchema<CodeMap>(
        ManifestKind.CodeMap,
        "codemaps",
        "Translates the codes of one set into those of another.",
        new RecordShape<CodeMap>("CodeMap spec", [From, To, Map], values => new CodeMap
        {
            Name = values.Name,
            Title = values.Title,
            From = values.Optional(From),
            To = values.Optional(To),
            Map = values.Required(Map).ToDictionary(StringComparer.Ordinal),
        }),
        map => [("FROM", map.From ?? ""), ("TO", map.To ?? ""), ("CODES", map.Map.Count.ToString(CultureInfo.InvariantCulture))]);
}
