using Exchange.Storage;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>The registry's tables.</summary>
internal static class CatalogueMigrations
{
    public static IReadOnlyList<Migration> All { get; } =
    [
        new("bus-catalogue", 1, "manifests", """
            CREATE TABLE bus_manifest (
                kind text NOT NULL,
                name text NOT NULL,
                title text,
                document text NOT NULL,
                secrets text,
                digest text NOT NULL,
                generation integer NOT NULL,
                applied_at bigint NOT NULL,
                applied_by text NOT NULL,
                PRIMARY KEY (kind, name)
            );
            CREATE TABLE bus_catalogue (
                id integer NOT NULL PRIMARY KEY,
                version bigint NOT NULL
            );
            INSERT INTO bus_catalogue (id, version) VALUES (1, 0);
            """),
    ];
}
