using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database;

/// <summary>Natural item types that all engines share.</summary>
internal static class Natural
{
    public static readonly ItemType Text = new(ItemKind.Text);
    public static readonly ItemType Int32 = new(ItemKind.Int32);
    public static readonly ItemType Int64 = new(ItemKind.Int64);
    public static readonly ItemType Double = new(ItemKind.Double);
    public static readonly ItemType Boolean = new(ItemKind.Boolean);
    public static readonly ItemType Date = new(ItemKind.Date);
    public static readonly ItemType Timestamp = new(ItemKind.Timestamp);
    public static readonly ItemType Binary = new(ItemKind.Binary);

    /// <summary>
    /// A decimal without declared digits. The scale is nominal: every value that 28 digits hold exactly is read as it is, any other is a cell fault `range`.
    /// Reading it as text would make each item that declares a decimal unfit, for a column type that departments use as a matter of course.
    /// </summary>
    public static readonly ItemType UnboundDecimal = ItemType.Decimal(ItemType.LargestPrecision, 10);

    /// <summary>string(n), or text where n is none or past what string(n) declares.</summary>
    public static ItemType String(long? length) => length is > 0 and <= ItemType.LargestLength ? ItemType.String((int)length) : Text;

    /// <summary>decimal(p,s); wider than 28 digits is text, which loses nothing. A scale outside 0…p (PostgreSQL allows it) is a nominal one.</summary>
    public static ItemType Decimal(int precision, int scale) =>
        precision > ItemType.LargestPrecision ? Text : scale < 0 || scale > precision ? UnboundDecimal : ItemType.Decimal(precision, scale);
}
