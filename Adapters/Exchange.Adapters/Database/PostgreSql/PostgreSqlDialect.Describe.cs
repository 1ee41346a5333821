using System.Data.Common;
using Exchange.Contracts.FrontEnd;
using Npgsql;
using NpgsqlTypes;

namespace Exchange.Adapters.Database.PostgreSql;

internal sealed partial class PostgreSqlDialect
{
    const string FindTable = """
        SELECT c.oid, c.relkind::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
        """;

    const string FindColumns = """
        WITH RECURSIVE base AS (
            SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier, a.attnotnull AS required
            FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT b.attnum, t.typbasetype, CASE WHEN b.modifier = -1 THEN t.typtypmod ELSE b.modifier END, b.required OR t.typnotnull
            FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd')
        SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN n.nspname = 'pg_catalog' THEN t.typname::text ELSE '' END, b.modifier,
               b.required OR d.typnotnull,
               a.atthasdef OR a.attidentity <> '' OR d.typdefault IS NOT NULL,
               t.typname = 'citext' OR t.typname = 'bpchar' OR NOT coalesce(c.collisdeterministic, true)
        FROM base b
        JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attnum = b.attnum
        JOIN pg_catalog.pg_type t ON t.oid = b.type
        JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
        WHERE t.typtype <> 'd' ORDER BY a.attnum
        """;

    /// <summary>A row for each column of each key, not an array for each key: the driver makes itself ready for arrays of every type it knows at the first one that it meets.</summary>
    const string FindKeys = """
        SELECT i.indisprimary, k.place = 1, a.attname::text
        FROM pg_catalog.pg_index i
        CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
        ORDER BY i.indisprimary DESC, i.indexrelid, k.place
        """;

    public override async Task<TableDescription?> DescribeAsync(DbConnection connection, FrontEndConnection settings, TableName table, CancellationToken cancel)
    {
        var postgres = (NpgsqlConnection)connection;
        try
        {
            if (await FindAsync(postgres, table, cancel) is not var (oid, kind)) return null;
            var columns = await ColumnsAsync(postgres, oid, cancel);
            var (primary, unique) = await KeysAsync(postgres, oid, cancel);
            return new TableDescription { Table = table, Columns = columns, PrimaryKey = primary, UniqueKeys = unique, IsView = kind is "v" or "m" };
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Classify(exception, settings, $"describing {table}");
        }
    }

    /// <summary>The relation and its kind (pg_class.relkind).</summary>
    public static async Task<(uint Oid, string Kind)?> FindAsync(NpgsqlConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindTable, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table.Name });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)table.Schema ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetFieldValue<uint>(0), reader.GetString(1)) : null;
    }

    static async Task<List<TableColumn>> ColumnsAsync(NpgsqlConnection connection, uint oid, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindColumns, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = oid, NpgsqlDbType = NpgsqlDbType.Oid });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<TableColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var notNull = reader.GetBoolean(4);
            columns.Add(new TableColumn(reader.GetString(0), reader.GetString(1), PostgreSqlTypes.Natural(reader.GetString(2), reader.GetInt32(3)),
                Nullable: !notNull, Required: notNull && !reader.GetBoolean(5), CaseInsensitive: reader.GetBoolean(6)));
        }

        return columns;
    }

    static async Task<(IReadOnlyList<string> Primary, IReadOnlyList<IReadOnlyList<string>> Unique)> KeysAsync(NpgsqlConnection connection, uint oid, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindKeys, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = oid, NpgsqlDbType = NpgsqlDbType.Oid });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        List<string> primary = [];
        var unique = new List<List<string>>();
        while (await reader.ReadAsync(cancel))
        {
            if (reader.GetBoolean(1)) unique.Add([]);
            unique[^1].Add(reader.GetString(2));
            if (reader.GetBoolean(0)) primary = unique[^1];
        }

        return (primary, unique);
    }
}
