using Exchange.Bus.Catalogue;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Bus.Transformation.Expressions;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>Resolves a subscription's map: the same reading for the check at apply and for the route that runs. Collects every problem as a sentence.</summary>
internal sealed class RouteColumns(Subscription subscription, Resource resource, CatalogueSnapshot catalogue, IExpressionCompiler compiler, TimeZoneInfo zone, List<string> problems)
{
    // A resource that names an item twice is refused by a check of its own; here the first counts, so that this check can still say what it finds.
    readonly Dictionary<string, ItemType> _items = resource.Items.DistinctBy(item => item.Name, StringComparer.Ordinal).ToDictionary(item => item.Name, item => item.Type, StringComparer.Ordinal);

    /// <summary>The columns that could be resolved, in the map's order.</summary>
    public IReadOnlyList<RouteColumn> Resolve()
    {
        if (subscription.Map is null) return [.. resource.Items.Select(item => new ItemColumn(item.Name, item.Type, item.Name, null, true) { Title = item.Title })];
        var columns = new List<RouteColumn>();
        if (subscription.Map.Count == 0) problems.Add("The map is empty; leave it out to deliver all items under their own names.");
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var mapped in subscription.Map)
        {
            if (mapped.Column.Length == 0) problems.Add("A column of the map has no name.");
            else if (!names.Add(mapped.Column)) problems.Add($"Column '{mapped.Column}' stands twice in the map; names that differ only in case are one on some engines.");
            if (Column(mapped) is { } column) columns.Add(column);
        }

        return columns;
    }

    /// <summary>The filter, or null when there is none or it was refused.</summary>
    public IExpression? Filter()
    {
        if (subscription.Filter is not { } text) return null;
        var filter = Compile("The filter", text);
        if (filter is null || filter.ResultType.Kind == ItemKind.Boolean) return filter;
        problems.Add($"The filter is no condition, it gives {filter.ResultType}; compare it, as in result == '2'.");
        return null;
    }

    RouteColumn? Column(MappedColumn mapped)
    {
        var sources = (mapped.From is null ? 0 : 1) + (mapped.Expression is null ? 0 : 1) + (mapped.Constant is null ? 0 : 1);
        if (sources != 1) return Problem($"Column '{mapped.Column}' needs exactly one of from, expression and constant.");
        if (mapped.Type is { IsAttachment: true }) return Problem($"Column '{mapped.Column}': attachments come from items of that type; leave the column's type out.");
        if (mapped.CodeMap is not null && mapped.From is null) return Problem($"Column '{mapped.Column}': a codeMap translates an item; name it with from.");
        if (mapped.Constant is { } constant) return Constant(mapped, constant);
        if (mapped.Expression is { } text)
        {
            if (Compile($"Column '{mapped.Column}'", text) is not { } expression) return null;
            return Converter(mapped, expression.ResultType, out var type, out var converter) ? new ComputedColumn(mapped.Column, type, expression, converter) : null;
        }

        if (resource.FindItem(mapped.From!) is not { } item) return Problem($"Column '{mapped.Column}': resource '{resource.Name}' has no item '{mapped.From}'{Nearest(mapped.From!, _items.Keys)}");
        if (mapped.CodeMap is not null) return Code(mapped, item);
        if (!Converter(mapped, item.Type, out var itemType, out var itemConverter)) return null;
        return new ItemColumn(mapped.Column, itemType, item.Name, itemConverter, IsOneToOne(item.Type, itemType, mapped.Format)) { Title = item.Title };
    }

    bool Converter(MappedColumn mapped, ItemType from, out ItemType type, out ValueConverter? converter)
    {
        var moment = from.Kind is ItemKind.Date or ItemKind.Timestamp;
        type = mapped.Type ?? (mapped.Format is not null && moment ? Kinds.TextOf(mapped.Format.Length * 2) : from);
        converter = null;
        if (mapped.Format is { } format)
        {
            var timed = (from.IsText ? type : from).Kind == ItemKind.Timestamp;
            if (!((moment && type.IsText) || (from.IsText && type.Kind is ItemKind.Date or ItemKind.Timestamp)))
                return Fails($"Column '{mapped.Column}': a format writes a date or timestamp as text, or reads one from text; here {from} becomes {type}.");
            if (Moments.CheckFormat(format, timed) is { } wrong) return Fails($"Column '{mapped.Column}': format '{format}': {wrong}");
        }

        if (ValueConversion.IsWidening(from, type)) return true;
        converter = ValueConversion.Create(from, type, mapped.Format, zone);
        return converter is not null || Fails($"Column '{mapped.Column}': {from} is never converted to {type}; compute it with an expression.");
    }

    ConstantColumn? Constant(MappedColumn mapped, string text)
    {
        var type = mapped.Type ?? Kinds.TextOf(Math.Max(1, text.EnumerateRunes().Count()));
        var value = Exchange.Contracts.Rows.Column.Create(mapped.Column, type, 1);
        if (TextReading.AppendCanonical(text, value) is { } misfit)
        {
            problems.Add($"Column '{mapped.Column}': the constant '{text}' {misfit.Message}.");
            return null;
        }

        return new ConstantColumn(mapped.Column, type, value);
    }

    RouteColumn? Code(MappedColumn mapped, Item item)
    {
        if (!catalogue.CodeMaps.TryGetValue(mapped.CodeMap!, out var map)) return Problem($"Column '{mapped.Column}': there is no CodeMap '{mapped.CodeMap}'{Nearest(mapped.CodeMap!, catalogue.CodeMaps.Keys)}");
        if (mapped.Format is not null) return Problem($"Column '{mapped.Column}': a format does not go with a codeMap.");
        if (item.Type.IsAttachment) return Problem($"Column '{mapped.Column}': item '{item.Name}' is an attachment; it has no codes.");
        if (item.Type.Kind is ItemKind.Binary or ItemKind.Double) return Problem($"Column '{mapped.Column}': item '{item.Name}' is {item.Type}; codes are texts, numbers or dates.");
        var type = mapped.Type ?? Kinds.TextOf(Math.Max(1, map.Map.Values.Select(value => value.EnumerateRunes().Count()).DefaultIfEmpty(1).Max()));
        var values = Exchange.Contracts.Rows.Column.Create(mapped.Column, type, map.Map.Count);
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (code, translation) in map.Map)
        {
            places.Add(code, values.Count);
            if (TextReading.AppendCanonical(translation, values) is not { } misfit) continue;
            problems.Add($"Column '{mapped.Column}': CodeMap '{map.Name}' translates '{code}' to '{translation}', which {misfit.Message}.");
            values.AppendNull();
        }

        var texts = Enumerable.Range(0, values.Count).Select(values.TextAt);
        return new CodeColumn(mapped.Column, type, item.Name, map.Name, places, values, texts.Distinct(StringComparer.Ordinal).Count() == values.Count) { Title = item.Title };
    }

    /// <summary>
    /// Whether different values stay different. Conversions refuse what they would change, so only texts read as something else ('01' and '1' are one number) and formats
    /// that drop a part lose the difference.
    /// </summary>
    static bool IsOneToOne(ItemType from, ItemType to, string? format)
    {
        if (from.IsText) return to.IsText;
        if (format is null) return true;
        return from.Kind == ItemKind.Date && format.Contains("yyyy", StringComparison.Ordinal) && format.Contains("MM", StringComparison.Ordinal) && format.Contains("dd", StringComparison.Ordinal);
    }

    IExpression? Compile(string where, string text)
    {
        var expression = compiler.Compile(text, _items, out var found);
        foreach (var problem in found) problems.Add($"{where}: {problem.Mark(text)}");
        return expression;
    }

    bool Fails(string problem)
    {
        problems.Add(problem);
        return false;
    }

    RouteColumn? Problem(string problem)
    {
        problems.Add(problem);
        return null;
    }

    /// <summary>The end of a sentence about an unknown name.</summary>
    static string Nearest(string name, IEnumerable<string> known) => NearestName.Of(name, known) is { } nearest ? $"; did you mean '{nearest}'?" : ".";
}
