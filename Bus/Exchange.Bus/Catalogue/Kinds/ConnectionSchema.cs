using Exchange.Bus.Catalogue.Schema;

namespace Exchange.Bus.Catalogue.Kinds;

internal static class ConnectionSchema
{
    static readonly ScalarShape<string> Providers = Scalars.Choice(
        [("postgresql", "postgresql"), ("mysql", "mysql"), ("sqlserver", "sqlserver"), ("sqlite", "sqlite")],
        new Dictionary<string, string>
        {
            ["mariadb"] = "'mariadb' is none of postgresql, mysql, sqlserver, sqlite; MariaDB is reached by the provider mysql",
            ["mssql"] = "'mssql' is none of postgresql, mysql, sqlserver, sqlite; did you mean 'sqlserver'?",
            ["postgres"] = "'postgres' is none of postgresql, mysql, sqlserver, sqlite; did you mean 'postgresql'?",
        });

    static readonly Field<string> Department = new("department", Scalars.NameOf(ManifestKind.Department), "Department that owns the database.", required: true);

    static readonly Field<string> Provider = new("provider", Providers,
        "Engine: postgresql (KingbaseES, openGauss too), mysql (MariaDB, OceanBase, TiDB too), sqlserver (Azure SQL too) or sqlite.", required: true);

    static readonly Field<string> ConnectionString = new("connectionString", Scalars.Text,
        "Connection string of the engine's driver, or its URL. Secret: best given as ${NAME}; a literal one is kept protected and exported as `unchanged`.", required: true) { Secret = true };

    static readonly Field<string> TimeZone = new("timeZone", Scalars.TimeZone, "IANA zone of date-times that carry none; default UTC.");

    public static KindSchema Kind { get; } = new KindSchema<Connection>(
        ManifestKind.Connection,
        "connections",
        "A front-end database of a department.",
        new RecordShape<Connection>("Connection spec", [Department, Provider, ConnectionString, TimeZone], values => new Connection
        {
            Name = values.Name,
            Title = values.Title,
            Department = values.Required(Department),
            Provider = values.Required(Provider),
            ConnectionString = values.Required(ConnectionString),
            TimeZone = values.Or(TimeZone, "UTC"),
        }),
        connection => [("DEPARTMENT", connection.Department), ("PROVIDER", connection.Provider), ("TIMEZONE", connection.TimeZone)]);
}
