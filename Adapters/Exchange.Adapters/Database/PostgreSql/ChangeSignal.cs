namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// A statement trigger on the change log that notifies once a transaction. It stands on the hub's own table, apart from the triggers that write the log: a hub that does not know it takes
/// nothing for damaged, and a log without it is looked at instead. A transaction that has notified cannot be prepared (two-phase commit), so the trigger is mute where the server allows
/// prepared transactions.
/// </summary>
internal static class ChangeSignal
{
    public const string Channel = "exchange_changelog";

    public const string Trigger = "exchange_signal";

    /// <summary>An expression: whether notices do no harm here.</summary>
    public const string Allowed = "pg_catalog.current_setting('max_prepared_transactions') = '0'";

    /// <summary>Not where NOTIFY is unknown: some engines only speak the protocol, and a trigger that fails would fail the department's writes.</summary>
    public const string Probe = $"SELECT pg_catalog.pg_notify('{Channel}', '')";

    /// <summary>Names are quoted; the log's name is the payload.</summary>
    public static IEnumerable<string> Making(string function, string log) =>
    [
        $"""
        CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS '
        BEGIN
            IF {Allowed.Replace("'", "''", StringComparison.Ordinal)} THEN PERFORM pg_catalog.pg_notify(''{Channel}'', TG_TABLE_NAME::text); END IF;
            RETURN NULL;
        END'
        """,
        $"CREATE TRIGGER {Trigger} AFTER INSERT ON {log} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
    ];

    /// <summary>Schema of the log ($1 name, $2 schema or null), whether the trigger stands, and whether it may speak; no row: there is no log.</summary>
    public const string Find = $"""
        SELECT n.nspname::text, EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = '{Trigger}' AND t.tgenabled IN ('O', 'A')), {Allowed}
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = $1 AND c.relkind = 'r' AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2 END
        """;
}
