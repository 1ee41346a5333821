using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>Appends a row's value to the target column, exactly one; null when the value was refused.</summary>
/// <returns>Null, or the rule that was broken.</returns>
internal delegate BrokenRule? CellWriter(Column target, int row);

/// <summary>One column of a target and where its values come from. Immutable.</summary>
/// <param name="name">The target's column.</param>
/// <param name="type">Type at the target.</param>
internal abstract class RouteColumn(string name, ItemType type)
{
    public string Name { get; } = name;

    public ItemType Type { get; } = type;

    public string? Title { get; init; }

    /// <summary>Items that it reads.</summary>
    public abstract IReadOnlyList<string> Items { get; }

    /// <summary>The item whose values stand in this column one to one, so that it can be a key column; null: none.</summary>
    public virtual string? KeyItem => null;

    /// <summary>The item whose values stand in this column as they are; null: none.</summary>
    public virtual string? UnchangedItem => null;

    /// <summary>The text of the item's value that stands here as <paramref name="text"/>, where <see cref="KeyItem"/> is set; null: there is none. A guess that the way there must confirm.</summary>
    public virtual string? ItemText(string text) => null;

    /// <param name="batch">The batch's columns in the items' types.</param>
    public abstract CellWriter Bind(RowBatch batch);

    /// <summary>The column itself where every value goes through unchanged, without copying; null where values must be written one by one.</summary>
    /// <param name="batch">As in <see cref="Bind"/>.</param>
    public virtual Column? Through(RowBatch batch) => null;

    protected static BrokenRule? Null(Column target)
    {
        target.AppendNull();
        return null;
    }

    protected BrokenRule Refuse(Column target, string rule, string? item, string? value, string message)
    {
        target.AppendNull();
        return new BrokenRule(rule, item, value, $"{message} (column {Name}).");
    }
}

/// <summary>An item's value, converted where types differ.</summary>
internal sealed class ItemColumn(string name, ItemType type, string item, ValueConverter? converter, bool oneToOne) : RouteColumn(name, type)
{
    public override IReadOnlyList<string> Items { get; } = [item];

    public override string? KeyItem => oneToOne ? item : null;

    public override string? UnchangedItem => converter is null ? item : null;

    public override string? ItemText(string text) => text;

    public override Column? Through(RowBatch batch) => converter is null && batch.Ordinal(item) is var at and >= 0 ? batch.Columns[at].As(Name, Type) : null;

    public override CellWriter Bind(RowBatch batch)
    {
        var at = batch.Ordinal(item);
        if (at < 0) return static (target, _) => Null(target);
        var source = batch.Columns[at];
        if (converter is null)
        {
            return (target, row) =>
            {
                target.AppendFrom(source, row);
                return null;
            };
        }

        return (target, row) =>
        {
            if (source.IsNull(row)) return Null(target);
            return converter(source, row, target) is { } misfit ? Refuse(target, misfit.Rule, item, source.TextAt(row), $"'{item}' {misfit.Message}") : null;
        };
    }
}

/// <summary>An item's code, translated. A code that the map lacks is refused, never defaulted; null stays null.</summary>
/// <param name="name">The target's column.</param>
/// <param name="type">Type at the target.</param>
/// <param name="item">The item that holds the code.</param>
/// <param name="map">The CodeMap's name.</param>
/// <param name="places">Code → row of <paramref name="values"/>.</param>
/// <param name="values">The translations in the target's type.</param>
/// <param name="oneToOne">Whether different codes have different translations.</param>
internal sealed class CodeColumn(string name, ItemType type, string item, string map, Dictionary<string, int> places, Column values, bool oneToOne) : RouteColumn(name, type)
{
    public override IReadOnlyList<string> Items { get; } = [item];

    public override string? KeyItem => oneToOne ? item : null;

    public override string? ItemText(string text) => places.FirstOrDefault(place => values.TextAt(place.Value) == text).Key;

    public override CellWriter Bind(RowBatch batch)
    {
        var at = batch.Ordinal(item);
        if (at < 0) return static (target, _) => Null(target);
        var source = batch.Columns[at];
        return (target, row) =>
        {
            if (source.IsNull(row)) return Null(target);
            var code = source.TextAt(row)!;
            if (!places.TryGetValue(code, out var place)) return Refuse(target, "code-map", item, code, $"'{item}' has the code '{code}', which the code map '{map}' does not translate");
            target.AppendFrom(values, place);
            return null;
        };
    }
}

/// <summary>A computed value.</summary>
internal sealed class ComputedColumn(string name, ItemType type, IExpression expression, ValueConverter? converter) : RouteColumn(name, type)
{
    public override IReadOnlyList<string> Items => expression.Items;

    public override CellWriter Bind(RowBatch batch)
    {
        var bound = expression.Bind(batch);
        if (converter is null)
            return (target, row) => bound.AppendTo(target, row) is { } wrong ? new BrokenRule("expression", null, null, $"{wrong} (column {Name}).") : null;
        var computed = Column.Create(Name, expression.ResultType);
        return (target, row) =>
        {
            if (bound.AppendTo(computed, row) is { } wrong) return Refuse(target, "expression", null, null, wrong.TrimEnd('.'));
            var at = computed.Count - 1;
            if (computed.IsNull(at)) return Null(target);
            return converter(computed, at, target) is { } misfit ? Refuse(target, misfit.Rule, null, computed.TextAt(at), $"The computed value {misfit.Message}") : null;
        };
    }
}

/// <summary>One value for all rows.</summary>
internal sealed class ConstantColumn(string name, ItemType type, Column value) : RouteColumn(name, type)
{
    public override IReadOnlyList<string> Items => [];

    /// <summary>Its canonical text.</summary>
    public string Text { get; } = value.TextAt(0)!;

    public override CellWriter Bind(RowBatch batch) => (target, _) =>
    {
        target.AppendFrom(value, 0);
        return null;
    };
}
