using System.Data.Common;
using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>The constants that set a subscription's rows apart, as typed values.</summary>
internal sealed class KeyScope
{
    readonly List<Column> _values = [];

    public KeyScope(TargetTable target)
    {
        foreach (var (name, text) in target.Scope)
        {
            var column = target.Columns.First(candidate => candidate.Name == name);
            _values.Add(Value(name, column.Type, text));
        }
    }

    /// <summary>A condition over the table, beginning with AND, or nothing; its parameters are bound.</summary>
    public string Bind(TargetEngine engine, DbCommand command, string alias, Func<string, TimeZoneInfo?> zone)
    {
        var condition = "";
        for (var at = 0; at < _values.Count; at++)
        {
            var parameter = string.Create(CultureInfo.InvariantCulture, $"@scope{at}");
            condition += $" AND {alias}.{engine.Dialect.Quote(_values[at].Name)} = {parameter}";
            engine.Bind(command, parameter, _values[at], 0, zone(_values[at].Name));
        }

        return condition;
    }

    static Column Value(string name, ItemType type, string text)
    {
        var column = Column.Create(name, type, 1);
        switch (column)
        {
            case BytesColumn bytes when type.Kind == ItemKind.Binary: bytes.Append((ReadOnlySpan<byte>)Convert.FromHexString(text)); break;
            case BytesColumn characters: characters.Append(text); break;
            case DecimalColumn number: number.Append(decimal.Parse(text, CultureInfo.InvariantCulture)); break;
            case DoubleColumn number: number.Append(double.Parse(text, CultureInfo.InvariantCulture)); break;
            case LongColumn number: number.Append(Number(type.Kind, text)); break;
        }

        return column;
    }

    static long Number(ItemKind kind, string text) => kind switch
    {
        ItemKind.Boolean => text == "true" ? 1 : 0,
        ItemKind.Date => Temporal.Days(DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ItemKind.Timestamp => Temporal.Microseconds(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
        _ => long.Parse(text, CultureInfo.InvariantCulture),
    };
}
