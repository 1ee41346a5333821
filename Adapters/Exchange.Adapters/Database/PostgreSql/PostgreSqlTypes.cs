using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>How PostgreSQL's types read.</summary>
internal static class PostgreSqlTypes
{
    /// <summary>The natural item type.</summary>
    /// <param name="name">pg_type.typname of the base type (domains resolved) in pg_catalog; any other schema's type reads as text.</param>
    /// <param name="modifier">The type modifier, -1 for none.</param>
    public static ItemType Natural(string name, int modifier) => name switch
    {
        "bool" => Database.Natural.Boolean,
        "int2" or "int4" => Database.Natural.Int32,
        "int8" or "oid" => Database.Natural.Int64,
        "float4" or "float8" => Database.Natural.Double,
        "numeric" => modifier < 4 ? Database.Natural.UnboundDecimal : Database.Natural.Decimal(((modifier - 4) >> 16) & 0xFFFF, Scale(modifier)),
        "date" => Database.Natural.Date,
        "timestamp" or "timestamptz" => Database.Natural.Timestamp,
        "bytea" => Database.Natural.Binary,
        "varchar" or "bpchar" => Database.Natural.String(modifier >= 4 ? modifier - 4 : null),
        _ => Database.Natural.Text,
    };

    /// <summary>Eleven bits, signed, since PostgreSQL 15.</summary>
    static int Scale(int modifier) => (((modifier - 4) & 0x7FF) ^ 1024) - 1024;
}
