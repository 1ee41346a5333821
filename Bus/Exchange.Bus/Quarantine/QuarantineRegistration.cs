using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Bus.Quarantine;

/// <summary>Registers the quarantine.</summary>
internal static class QuarantineRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-quarantine", 1, "refused rows", """
            CREATE TABLE bus_quarantine (
                id {identity},
                resource text NOT NULL,
                subscription text NOT NULL,
                key_text text {engine:postgresql}COLLATE "C"{end},
                key_digest text,
                row_values text NOT NULL,
                batch bigint NOT NULL,
                run bigint NOT NULL,
                refused_at bigint NOT NULL,
                uid text NOT NULL,
                closed_batch bigint,
                closed_at bigint);
            CREATE INDEX bus_quarantine_open ON bus_quarantine (resource, subscription, key_digest) WHERE closed_batch IS NULL;
            CREATE INDEX bus_quarantine_resource ON bus_quarantine (resource, id);
            CREATE TABLE bus_quarantine_error (
                id {identity},
                row_id bigint NOT NULL,
                resource text NOT NULL,
                error_id text NOT NULL,
                rule text NOT NULL,
                item text,
                detail text NOT NULL,
                depends_on text,
                version bigint NOT NULL,
                closed_batch bigint,
                due integer NOT NULL,
                written integer NOT NULL,
                closed_written integer NOT NULL);
            CREATE UNIQUE INDEX bus_quarantine_error_error ON bus_quarantine_error (error_id);
            CREATE INDEX bus_quarantine_error_row ON bus_quarantine_error (row_id);
            CREATE INDEX bus_quarantine_error_due ON bus_quarantine_error (resource, id) WHERE due = 1;
            CREATE INDEX bus_quarantine_error_depends ON bus_quarantine_error (resource, depends_on, version) WHERE depends_on IS NOT NULL AND closed_batch IS NULL;
            CREATE TABLE bus_quarantine_dependency (
                name text PRIMARY KEY,
                version bigint NOT NULL);
            """),
    ];

    /// <summary><see cref="IQuarantine"/> as a singleton. Needs <see cref="IStore"/>.</summary>
    public static IServiceCollection AddQuarantine(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IQuarantine, StoredQuarantine>();
    }
}
