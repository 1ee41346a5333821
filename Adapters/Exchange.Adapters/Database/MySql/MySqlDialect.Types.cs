using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.MySql;

internal sealed partial class MySqlDialect
{
    /// <summary>Text compares by code point without padding (utf8mb4_nopad_bin). Text without a limit is indexed by no key, so a key of it is cut to what an index holds.</summary>
    public override string NativeType(ItemType type, bool key) => type.Kind switch
    {
        ItemKind.String when type.Length <= (key ? 768 : 16_383) => string.Create(CultureInfo.InvariantCulture, $"varchar({type.Length}) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"),
        ItemKind.String or ItemKind.Text when key => "varchar(768) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        ItemKind.String or ItemKind.Text => "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
        ItemKind.Int32 => "int",
        ItemKind.Int64 => "bigint",
        ItemKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({type.Precision},{type.Scale})"),
        ItemKind.Double => "double",
        ItemKind.Boolean => "tinyint(1)",
        ItemKind.Date => "date",
        ItemKind.Timestamp => "datetime(6)",
        ItemKind.Binary => key ? "varbinary(3072)" : "longblob",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
