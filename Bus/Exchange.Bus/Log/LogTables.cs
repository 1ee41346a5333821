using Exchange.Storage;

namespace Exchange.Bus.Log;

/// <summary>Tables of the resource logs.</summary>
internal static class LogTables
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-log", 1, "resource logs", """
            CREATE TABLE bus_log_head (
                resource text PRIMARY KEY,
                number bigint NOT NULL,
                digest text NOT NULL);
            CREATE TABLE bus_log_batch (
                resource text NOT NULL,
                number bigint NOT NULL,
                kind text NOT NULL,
                state text NOT NULL,
                run bigint NOT NULL,
                full_start bigint NOT NULL,
                upserts bigint NOT NULL,
                deletes bigint NOT NULL,
                payload_bytes bigint NOT NULL,
                payload_digest text NOT NULL,
                digest text NOT NULL,
                previous_digest text NOT NULL,
                file text,
                appended_at bigint NOT NULL,
                PRIMARY KEY (resource, number));
            CREATE UNIQUE INDEX bus_log_batch_file ON bus_log_batch (file);
            CREATE INDEX bus_log_batch_pending ON bus_log_batch (resource, run) WHERE state = 'pending';
            CREATE INDEX bus_log_batch_mark ON bus_log_batch (resource, number) WHERE kind = 'mark';
            {engine:postgresql}
            CREATE TABLE bus_log_payload (
                resource text NOT NULL,
                number bigint NOT NULL,
                part integer NOT NULL,
                content bytea NOT NULL,
                PRIMARY KEY (resource, number, part));
            ALTER TABLE bus_log_payload ALTER COLUMN content SET STORAGE EXTERNAL;
            {end}
            """),
        new("bus-log", 2, "batches of re-organised fulls", "ALTER TABLE bus_log_batch ADD COLUMN staged integer NOT NULL DEFAULT 0"),
        new("bus-log", 3, "batches whose rows were dropped", "ALTER TABLE bus_log_batch ADD COLUMN dropped integer NOT NULL DEFAULT 0"),
    ];
}
