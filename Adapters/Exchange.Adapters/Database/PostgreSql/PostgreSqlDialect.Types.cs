using System.Globalization;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

internal sealed partial class PostgreSqlDialect
{
    /// <summary>Key columns of text compare by code point (collation "C").</summary>
    public override string NativeType(ItemType type, bool key) => type.Kind switch
    {
        ItemKind.String => string.Create(CultureInfo.InvariantCulture, $"varchar({type.Length}){(key ? " COLLATE \"C\"" : "")}"),
        ItemKind.Text => key ? "text COLLATE \"C\"" : "text",
        ItemKind.Int32 => "integer",
        ItemKind.Int64 => "bigint",
        ItemKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"numeric({type.Precision},{type.Scale})"),
        ItemKind.Double => "double precision",
        ItemKind.Boolean => "boolean",
        ItemKind.Date => "date",
        ItemKind.Timestamp => "timestamptz(6)",
        ItemKind.Binary => "bytea",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
