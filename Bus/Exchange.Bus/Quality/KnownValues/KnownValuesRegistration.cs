using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Quality.KnownValues;

/// <summary>Registers the index of known values.</summary>
internal static class KnownValuesRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-known-values", 1, "known values", """
            CREATE TABLE bus_known_resource (
                resource text PRIMARY KEY,
                changes bigint NOT NULL);
            CREATE TABLE bus_known_set (
                id {identity},
                resource text NOT NULL,
                items text NOT NULL,
                built integer NOT NULL);
            CREATE UNIQUE INDEX bus_known_set_built ON bus_known_set (resource, items) WHERE built = 1;
            CREATE INDEX bus_known_set_resource ON bus_known_set (resource);
            CREATE TABLE bus_known_value (
                set_id bigint NOT NULL,
                key_digest text NOT NULL,
                tuple_digest text NOT NULL,
                PRIMARY KEY (set_id, key_digest)){engine:sqlite} WITHOUT ROWID{end};
            CREATE INDEX bus_known_value_tuple ON bus_known_value (set_id, tuple_digest, key_digest);
            """),
    ];

    /// <summary><see cref="IKnownValues"/> as a singleton. Needs <see cref="IStore"/>, the log and the catalogue.</summary>
    public static IServiceCollection AddKnownValues(this IServiceCollection services) => services.AddSingleton<IKnownValues, StoredKnownValues>();
}
