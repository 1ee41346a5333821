using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>What expressions tell apart; int32 and int64 are both whole numbers, string and text both texts.</summary>
internal enum Kind
{
    /// <summary>The word null alone: fits every kind.</summary>
    Null,
    Boolean,
    Integer,
    Decimal,
    Double,
    Text,
    Date,
    Timestamp,
    Binary,
}

/// <summary>A piece whose type is known, ready to be bound.</summary>
/// <param name="Syntax">Where it was written.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Type">Type of its values; for a computed decimal with the scale that is kept.</param>
/// <param name="Build">Makes its evaluator for a batch: a <see cref="Value{T}"/> of the kind's physical form.</param>
internal sealed record Typed(Syntax Syntax, Kind Kind, ItemType Type, Func<Binding, Evaluator> Build)
{
    /// <summary>The value of a literal: bool, long, decimal or UTF-8; else null.</summary>
    public object? Constant { get; init; }

    public bool IsNumber => Kind is Kind.Integer or Kind.Decimal or Kind.Double;
}

/// <summary>Kinds and item types.</summary>
internal static class Kinds
{
    public static Kind Of(ItemType type) => type.Kind switch
    {
        ItemKind.String or ItemKind.Text => Kind.Text,
        ItemKind.Int32 or ItemKind.Int64 => Kind.Integer,
        ItemKind.Decimal => Kind.Decimal,
        ItemKind.Double => Kind.Double,
        ItemKind.Boolean => Kind.Boolean,
        ItemKind.Date => Kind.Date,
        ItemKind.Timestamp => Kind.Timestamp,
        _ => Kind.Binary,
    };

    /// <summary>Widest item type of a kind.</summary>
    public static ItemType Type(Kind kind, int scale = 0) => kind switch
    {
        Kind.Boolean => new(ItemKind.Boolean),
        Kind.Integer => new(ItemKind.Int64),
        Kind.Decimal => ItemType.Decimal(ItemType.LargestPrecision, scale),
        Kind.Double => new(ItemKind.Double),
        Kind.Date => new(ItemKind.Date),
        Kind.Timestamp => new(ItemKind.Timestamp),
        Kind.Binary => new(ItemKind.Binary),
        _ => new(ItemKind.Text),
    };

    /// <summary>string(n), or text where n is beyond what a string holds.</summary>
    public static ItemType TextOf(long length) => length is > 0 and <= ItemType.LargestLength ? ItemType.String((int)length) : new(ItemKind.Text);

    /// <summary>A type that holds the values of both, which are of one kind.</summary>
    public static ItemType Union(ItemType a, ItemType b)
    {
        if (a == b) return a;
        return Of(a) switch
        {
            Kind.Text => a.Kind == ItemKind.String && b.Kind == ItemKind.String ? ItemType.String(Math.Max(a.Length, b.Length)) : new(ItemKind.Text),
            Kind.Decimal => Type(Kind.Decimal, Math.Max(a.Scale, b.Scale)),
            var kind => Type(kind),
        };
    }

    /// <summary>For messages: a text, a whole number …</summary>
    public static string Name(Kind kind) => kind switch
    {
        Kind.Null => "null",
        Kind.Boolean => "a condition (boolean)",
        Kind.Integer => "a whole number",
        Kind.Decimal => "a decimal number",
        Kind.Double => "a double",
        Kind.Text => "a text",
        Kind.Date => "a date",
        Kind.Timestamp => "a timestamp",
        _ => "binary data",
    };
}
