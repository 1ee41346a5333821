using Exchange.Storage;

namespace Exchange.Bus.Messaging;

internal static class MessagingMigrations
{
    const string Stream = "bus-messaging";

    public static IReadOnlyList<Migration> All { get; } =
    [
        new(Stream, 1, "queue, inbox, subscriptions, error queue", """
            CREATE TABLE bus_message (
                id {identity}, recipient text NOT NULL, priority integer NOT NULL, visible_at bigint NOT NULL, lease_until bigint NOT NULL, lease_owner text NULL,
                attempts integer NOT NULL, rounds integer NOT NULL, first_failed_at bigint NULL, merge_key text NULL, headers text NOT NULL,
                body {bytes} NOT NULL);
            CREATE INDEX ix_bus_message_claim ON bus_message (recipient, priority DESC, visible_at, id);
            CREATE INDEX ix_bus_message_due ON bus_message (recipient, visible_at);
            CREATE INDEX ix_bus_message_merge ON bus_message (recipient, merge_key) WHERE merge_key IS NOT NULL;
            CREATE TABLE bus_inbox (handler text NOT NULL, message_id text NOT NULL, done_at bigint NOT NULL, PRIMARY KEY (handler, message_id));
            CREATE INDEX ix_bus_inbox_done ON bus_inbox (done_at);
            CREATE TABLE bus_message_subscription (topic text NOT NULL, subscriber text NOT NULL, PRIMARY KEY (topic, subscriber));
            CREATE TABLE bus_failed_message (
                id {identity}, recipient text NOT NULL, message_id text NOT NULL, type text NOT NULL, state text NOT NULL, group_key text NOT NULL,
                exception_type text NOT NULL, place text NOT NULL, message text NOT NULL, stack text NOT NULL, attempts integer NOT NULL, rounds integer NOT NULL,
                first_failed_at bigint NOT NULL, failed_at bigint NOT NULL, headers text NOT NULL, body {bytes} NOT NULL, UNIQUE (recipient, message_id));
            CREATE INDEX ix_bus_failed_message_group ON bus_failed_message (state, group_key, id);
            """),
        // What is due comes first in its queue's part of the index, in the order in which it is claimed, and what is deferred is never met. Nothing ever gave a message a priority; the column
        // stays for nodes of the release before. A page half empty keeps a claimed row where it was, so that no index is touched. Notes come in the order of their times: what finds the old
        // ones need not be kept row by row. Indexes are made before others go: until then, nodes that run can read.
        new(Stream, 2, "queue in the order of claims, notes by ranges of time", """
            CREATE INDEX ix_bus_message_queue ON bus_message (recipient, visible_at, id);
            {engine:postgresql}
            CREATE INDEX ix_bus_inbox_done_range ON bus_inbox USING brin (done_at);
            DROP INDEX ix_bus_inbox_done;
            ALTER TABLE bus_message SET (fillfactor = 50);
            {end}
            DROP INDEX ix_bus_message_claim;
            DROP INDEX ix_bus_message_due;
            """)
        {
            // The same, but indexes were dropped first, and that of the notes kept its name.
            Formerly = ["c66575d9c3b45875f96ff5819f7c03df8460c1985df4db80da107a293e6f06ca"],
        },
        // Also keeps programs out that know only one form of PostgreSQL's capture triggers (ADR 0026): their `capture remove` would leave half of the other, which fails the department's writes.
        new(Stream, 3, "one name of the notes' index", """
            {engine:postgresql}
            DROP INDEX IF EXISTS ix_bus_inbox_done;
            CREATE INDEX IF NOT EXISTS ix_bus_inbox_done_range ON bus_inbox USING brin (done_at);
            {end}
            {engine:sqlite}SELECT 1;{end}
            """),
    ];
}
