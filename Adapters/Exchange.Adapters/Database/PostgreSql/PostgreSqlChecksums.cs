using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Checksums;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// PostgreSQL 14 and later. Its own form, <see cref="PostgreSqlRowHash"/>, is several times as fast as MD5; hashes of one major version are the same on every server of it, and a type's hash does not
/// tell varchar from text, integer from bigint, or 1.50 from 1.5, so the form names the version and the kinds of the columns.
/// </summary>
internal sealed class PostgreSqlChecksums(FrontEndConnection connection, SqlDialect dialect) : TableChecksums(connection, dialect)
{
    const int OldestMajor = 14;

    const string Native = "postgresql ";

    protected override IEnumerable<ChecksumForm> Forms(DbConnection session, ChecksumQuery query, IReadOnlyList<SummedColumn> columns)
    {
        var server = (NpgsqlConnection)session;
        if (server.PostgreSqlVersion.Major < OldestMajor) yield break;
        var kinds = columns.Zip(query.Columns, (column, summed) => KindOf(column, summed.Type)).ToList();
        if (!kinds.Contains(null))
            yield return Make(query, string.Create(CultureInfo.InvariantCulture, $"{Native}{server.PostgreSqlVersion.Major}: {string.Join(' ', kinds)}"));
        if (server.PostgresParameters.GetValueOrDefault("server_encoding") == "UTF8" && columns.Zip(query.Columns).All(pair => HasText(pair.First, pair.Second.Type))) yield return Make(query, Portable);
    }

    protected override ChecksumForm Make(ChecksumQuery query, string form)
    {
        if (form.StartsWith(Native, StringComparison.Ordinal))
        {
            var hash = new PostgreSqlRowHash(query, Column);
            return new ChecksumForm(form, $"({hash.Key} & {RangeSums.Ranges - 1})::int", hash.Row);
        }

        var texts = query.Columns.Select(column => Text(column)).Select(text => $"coalesce(octet_length({text})::text || ':' || {text}, '-')").ToList();
        return new ChecksumForm(form, Bits(query.Key.Select(at => texts[at]), RangeDigits, "int"), Bits(texts, HashDigits, "bigint"));
    }

    protected override async Task<IReadOnlyList<SummedColumn>> ColumnsAsync(DbConnection session, TableName table, CancellationToken cancel)
    {
        await using var command = session.Command(
            """
            SELECT a.attname, CASE WHEN n.nspname = 'pg_catalog' THEN t.typname ELSE '' END
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
            WHERE a.attrelid = to_regclass(@table) AND a.attnum > 0 AND NOT a.attisdropped
            """, ("@table", Dialect.Quote(table)));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<SummedColumn>();
        while (await reader.ReadAsync(cancel)) columns.Add(new SummedColumn(reader.GetString(0), reader.GetString(1)));
        return columns;
    }

    /// <summary>The planner takes the ranges for as many as there are rows and would sort whole rows by them; there are 4,096. The pool resets the session.</summary>
    protected override async Task PrepareAsync(DbConnection session, CancellationToken cancel)
    {
        await using var command = session.Command("SET enable_sort = off; SET jit = off");
        await command.ExecuteNonQueryAsync(cancel);
    }

    protected override string Standing(ChecksumQuery query) => query.Deleted is { } deleted ? $"NOT coalesce({Column(deleted)}, false)" : "true";

    /// <summary>Types whose values have the same hash whenever they are equal, and only then; null: any other. A timestamp without zone means what its connection says.</summary>
    string? KindOf(SummedColumn column, ItemType type) => column.Type switch
    {
        "text" or "varchar" => "text",
        // A wider column may hold what its item does not: see PostgreSqlRowHash.
        "int2" or "int4" => "whole",
        "int8" when type.Kind == ItemKind.Int64 => "whole",
        "numeric" or "bool" or "date" or "timestamptz" or "bytea" or "float8" => column.Type,
        "timestamp" => $"timestamp/{Settings.TimeZone}",
        _ => null,
    };

    bool HasText(SummedColumn column, ItemType type) => (type.Kind, column.Type) switch
    {
        (ItemKind.String or ItemKind.Text, "text" or "varchar") => true,
        (ItemKind.Int32 or ItemKind.Int64, "int2" or "int4" or "int8") => true,
        (ItemKind.Decimal, "numeric") or (ItemKind.Boolean, "bool") or (ItemKind.Date, "date") or (ItemKind.Timestamp, "timestamptz") or (ItemKind.Binary, "bytea") => true,
        (ItemKind.Timestamp, "timestamp") => Settings.TimeZone == "UTC",
        _ => false,
    };

    string Text(ChecksumColumn column)
    {
        var name = Column(column.Name);
        return column.Type.Kind switch
        {
            ItemKind.Boolean => $"CASE {name} WHEN true THEN '1' WHEN false THEN '0' END",
            ItemKind.Decimal => $"trim_scale({name})::text",
            ItemKind.Date => $"to_char({name}, 'YYYY-MM-DD')",
            // Later ones, and infinity, are no bigint; no item holds them, but the sum must bear them.
            ItemKind.Timestamp => $"CASE WHEN {name} > '-infinity' AND {name} < '294247-01-01' THEN (extract(epoch FROM {name}) * 1000000)::bigint::text ELSE {name}::text END",
            ItemKind.Binary => $"encode({name}, 'hex')",
            _ => $"{name}::text",
        };
    }

    /// <summary>The first bits of the MD5 of all the texts.</summary>
    static string Bits(IEnumerable<string> texts, int digits, string type) => string.Create(CultureInfo.InvariantCulture, $"('x' || left(md5({string.Join(" || ", texts)}), {digits}))::bit({digits * 4})::{type}");
}
