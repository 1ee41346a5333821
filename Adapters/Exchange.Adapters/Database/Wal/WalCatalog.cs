using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.Wal;

/// <summary>What the server's catalogs say of a slot, its publication and the table's replica identity. Reads only.</summary>
internal static class WalCatalog
{
    /// <summary>
    /// Members that must be published by name: the table and its heirs; partitions are published with their root. A publication that leaves out some kind of change, some rows or some columns
    /// does not count. Columns of later versions are asked for as JSON, so that they may be missing: wal_status is of 13, row filters and column lists are of 15.
    /// </summary>
    const string Look = """
        WITH RECURSIVE member AS (
            SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relname = $2 AND c.relkind IN ('r', 'p') AND CASE WHEN $3::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $3 END
            UNION SELECT c.oid FROM member m JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE NOT c.relispartition AND c.relkind = 'r'),
        published AS (
            SELECT p.oid, (SELECT string_agg(r.prrelid || '/' || r.oid, ',' ORDER BY r.prrelid) FROM pg_catalog.pg_publication_rel r
                           WHERE r.prpubid = p.oid AND to_jsonb(r)->>'prqual' IS NULL AND to_jsonb(r)->>'prattrs' IS NULL) AS tables
            FROM pg_catalog.pg_publication p WHERE p.pubname = $1 AND p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AND NOT p.puballtables)
        SELECT s.slot_name IS NOT NULL, coalesce(s.active, false), to_jsonb(s)->>'wal_status', s.restart_lsn IS NOT NULL,
               (s.confirmed_flush_lsn - '0/0'::pg_lsn)::int8, (f.at - '0/0'::pg_lsn)::int8, (f.at - s.restart_lsn)::int8,
               (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) || '/' || substr(pg_catalog.pg_walfile_name(f.at), 1, 8),
               (SELECT p.oid || ':' || p.tables FROM published p WHERE NOT EXISTS (
                   SELECT 1 FROM member m WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = m.oid)))
        FROM (SELECT pg_catalog.pg_current_wal_flush_lsn() AS at) f
        LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = $1 AND s.database = current_database()
        """;

    /// <summary>Every table that holds rows: the table itself, its heirs, its partitions. The columns of what identifies a row in the log; null for FULL.</summary>
    const string Identities = """
        WITH RECURSIVE family AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid)
        SELECT c.relname::text, c.relpersistence::text, CASE WHEN c.relreplident = 'f' THEN NULL ELSE ARRAY(
                   SELECT a.attname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::smallint[])
                   WHERE i.indrelid = c.oid AND i.indisvalid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END) END
        FROM family f JOIN pg_catalog.pg_class c ON c.oid = f.oid WHERE c.relkind = 'r' ORDER BY c.relname
        """;

    public static async Task<WalLook> LookAsync(NpgsqlConnection connection, string name, TableName table, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(Look, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table.Name });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)table.Schema ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        var slot = row.GetBoolean(0);
        return new WalLook
        {
            Name = name,
            Slot = slot,
            Active = row.GetBoolean(1),
            // Before version 14 a slot that has lost its log says so by having no beginning.
            WalStatus = slot && !row.GetBoolean(3) ? "lost" : row.IsDBNull(2) ? null : row.GetString(2),
            Confirmed = row.IsDBNull(4) ? null : row.GetInt64(4),
            Flushed = row.GetInt64(5),
            Lag = row.IsDBNull(6) ? null : row.GetInt64(6),
            Server = row.GetString(7),
            Publication = row.IsDBNull(8) ? null : row.GetString(8),
        };
    }

    public static string? Gap(WalLook look, WalPoint from) => look switch
    {
        _ when look.Server != from.Server => $"the source is another server than before, or was restored or failed over (then {from.Server}, now {look.Server})",
        { Slot: false } => $"the slot {look.Name} is gone",
        { WalStatus: "lost" } => $"the server has removed log that the slot {look.Name} had not read (max_slot_wal_keep_size)",
        _ when look.Publication != from.Publication => $"the publication {look.Name} is gone, was made anew, or does not publish all changes of the table and its heirs",
        _ when look.Confirmed > from.Position => $"somebody else has read changes from the slot {look.Name}",
        _ when look.Flushed < from.Position => "the server's log ends before what was read already: it was restored",
        _ => null,
    };

    public static async Task<string?> ObstacleAsync(NpgsqlConnection connection, uint table, CaptureTarget target, CancellationToken cancel)
    {
        await using (var settings = new NpgsqlCommand("SELECT current_setting('wal_level'), pg_catalog.pg_is_in_recovery()", connection))
        await using (var row = await settings.ExecuteReaderAsync(cancel))
        {
            await row.ReadAsync(cancel);
            if (row.GetBoolean(1)) return "this server is a standby; name the primary in the Connection";
            if (row.GetString(0) != "logical") return $"the server's wal_level is {row.GetString(0)}; have its administrator run ALTER SYSTEM SET wal_level = logical and restart it, or use capture mode changelog";
        }

        await using var command = new NpgsqlCommand(Identities, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = table, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });
        await using var member = await command.ExecuteReaderAsync(cancel);
        while (await member.ReadAsync(cancel))
        {
            var name = member.GetString(0);
            if (member.GetString(1) != "p") return $"{name} is an unlogged or temporary table, whose changes are in no log; use capture mode changelog";
            if (member.IsDBNull(2)) continue;
            var identity = member.GetFieldValue<string[]>(2);
            var lacking = target.KeyColumns.Except(identity, StringComparer.Ordinal).ToList();
            if (lacking.Count > 0)
                return string.Create(CultureInfo.InvariantCulture,
                    $"the log tells rows of {name} by ({string.Join(", ", identity)}), which lacks {string.Join(", ", lacking)} of the resource's key; have the department run ALTER TABLE … REPLICA IDENTITY USING INDEX (a unique index on not null columns that holds the key) or REPLICA IDENTITY FULL, or use capture mode changelog");
        }

        return null;
    }
}
