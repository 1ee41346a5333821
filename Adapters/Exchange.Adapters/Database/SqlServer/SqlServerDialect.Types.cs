using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.SqlServer;

internal sealed partial class SqlServerDialect
{
    /// <summary>
    /// Compares UTF-16 units, so that texts are equal exactly when their code points are; only trailing blanks are taken for nothing, as by every collation of this engine.
    /// Its order parts from that of code points where a text has supplementary characters: these stand before U+E000 to U+FFFF.
    /// </summary>
    public const string ByCodePoint = "Latin1_General_100_BIN2";

    /// <summary>Longest nvarchar with a limit.</summary>
    const int LongestUnits = 4_000;

    /// <summary>UTF-16 units of a key that an index holds alone: 1,700 bytes.</summary>
    const int LongestKeyUnits = 850;

    /// <summary>nvarchar counts UTF-16 units, of which a code point may take two. Other text than a key's keeps the database's collation, as its users search it.</summary>
    public override string NativeType(ItemType type, bool key) => type.Kind switch
    {
        ItemKind.String or ItemKind.Text when key => string.Create(CultureInfo.InvariantCulture, $"nvarchar({(type.Kind == ItemKind.String ? Math.Min(Units(type), LongestKeyUnits) : LongestKeyUnits)}) COLLATE {ByCodePoint}"),
        ItemKind.String when Units(type) <= LongestUnits => string.Create(CultureInfo.InvariantCulture, $"nvarchar({Units(type)})"),
        ItemKind.String or ItemKind.Text => "nvarchar(max)",
        ItemKind.Int32 => "int",
        ItemKind.Int64 => "bigint",
        ItemKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({type.Precision},{type.Scale})"),
        ItemKind.Double => "float",
        ItemKind.Boolean => "bit",
        ItemKind.Date => "date",
        ItemKind.Timestamp => "datetime2(6)",
        ItemKind.Binary => key ? "varbinary(1700)" : "varbinary(max)",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>UTF-16 units that hold every string(n).</summary>
    public static long Units(ItemType type) => type.Length * 2L;
}
