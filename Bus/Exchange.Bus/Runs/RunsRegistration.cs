using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Exchange.Bus.Runs;

/// <summary>Registers the run records.</summary>
internal static class RunsRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-runs", 1, "run records", """
            CREATE TABLE bus_run (
                id {identity},
                resource text NOT NULL,
                subscription text NOT NULL,
                kind text NOT NULL,
                state text NOT NULL,
                started_at bigint NOT NULL,
                ended_at bigint,
                seen_at bigint NOT NULL,
                read_rows bigint NOT NULL,
                accepted bigint NOT NULL,
                rejected bigint NOT NULL,
                duplicates bigint NOT NULL,
                deleted bigint NOT NULL,
                delivered_upserts bigint NOT NULL,
                delivered_deletes bigint NOT NULL,
                batches bigint NOT NULL,
                bytes bigint NOT NULL,
                waited_source_us bigint NOT NULL,
                waited_target_us bigint NOT NULL,
                error_code text,
                error_message text,
                next_step text,
                node text NOT NULL);
            CREATE INDEX bus_run_resource ON bus_run (resource, subscription, id);
            CREATE INDEX bus_run_running ON bus_run (seen_at) WHERE state = 'running';
            """),
    ];

    /// <summary><see cref="IRuns"/> as a singleton. Needs <see cref="IStore"/>.</summary>
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<IRuns, StoredRuns>();
    }
}
