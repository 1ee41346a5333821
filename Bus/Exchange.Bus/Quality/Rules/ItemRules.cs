using Exchange.Bus.Catalogue;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>The one list of built-in rules of an item: what <see cref="QualityCheck"/> accepts is what a judge is built from.</summary>
internal static class ItemRules
{
    /// <summary>Judged over the whole resource, not over a column: see <see cref="UniqueRule"/>.</summary>
    public const string Unique = "unique";

    public static IReadOnlyList<string> Names { get; } =
        [UsccRule.Name, CitizenIdRule.Name, BoundRule.Min, BoundRule.Max, PatternRule.Name, LengthRule.Name, Unique];

    /// <summary>Builds a rule.</summary>
    /// <param name="written">As the manifest has it.</param>
    /// <param name="type">The item's type.</param>
    /// <param name="clock">Tells today.</param>
    /// <param name="rule">The rule when the answer is null; null for `unique`.</param>
    /// <returns>Null, or what is wrong and what would be right.</returns>
    public static string? Parse(ItemRule written, ItemType type, TimeProvider clock, out ColumnRule? rule)
    {
        rule = null;
        var argument = written.Argument?.Trim() is { Length: > 0 } text ? text : null;
        switch (written.Name)
        {
            case BoundRule.Min or BoundRule.Max: return BoundRule.Parse(written.Name, argument, type, out rule);
            case PatternRule.Name: return PatternRule.Parse(argument, type, out rule);
            case LengthRule.Name: return LengthRule.Parse(argument, type, out rule);
            case UsccRule.Name or CitizenIdRule.Name or Unique: break;
            case RequiredRule.Name: return "write 'required: true' at the item instead of a rule";
            case CodeSetRule.Name or "codeSet": return "write 'codeSet: NAME' at the item instead of a rule";
            default: return $"unknown rule '{written.Name}'{NearestName.Hint(written.Name, Names)}; the rules are {string.Join(", ", Names)}";
        }

        if (argument is not null) return $"the rule {written.Name} takes no argument";
        if (written.Name == Unique) return type.Kind is ItemKind.Double ? "the rule unique is not for double: equality of doubles is not reliable" : null;
        if (!type.IsText) return $"the rule {written.Name} is for text; the item is of type {type}";
        rule = written.Name == UsccRule.Name ? new UsccRule() : new CitizenIdRule(clock);
        return null;
    }
}
