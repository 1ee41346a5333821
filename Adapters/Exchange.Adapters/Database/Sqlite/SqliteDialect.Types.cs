using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Sqlite;

internal sealed partial class SqliteDialect
{
    /// <summary>
    /// Names from which <see cref="SqliteTypes.Natural"/> reads the item type back. DECIMAL_TEXT has TEXT affinity (SQLite looks for "TEXT" in the name), so the
    /// digits stay as they were written; a plain DECIMAL would turn them into floating point.
    /// </summary>
    public override string NativeType(ItemType type, bool key) => type.Kind switch
    {
        ItemKind.String => string.Create(CultureInfo.InvariantCulture, $"VARCHAR({type.Length})"),
        ItemKind.Text => "TEXT",
        ItemKind.Int32 => "INT",
        ItemKind.Int64 => "BIGINT",
        ItemKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"DECIMAL_TEXT({type.Precision},{type.Scale})"),
        ItemKind.Double => "DOUBLE",
        ItemKind.Boolean => "BOOLEAN",
        ItemKind.Date => "DATE",
        ItemKind.Timestamp => "TIMESTAMP",
        ItemKind.Binary => "BLOB",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
