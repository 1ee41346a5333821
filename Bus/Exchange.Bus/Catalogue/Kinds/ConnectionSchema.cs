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

    static readonly Field<long> Concurrency = new("concurrency", Scalars.Whole(1, 1_000), "Readings and deliveries at once, on all nodes together; default 1, since the rates are shared out among them.");

    static readonly Field<long> RowsPerSecond = new("rowsPerSecond", Scalars.Whole(1, 1_000_000_000), "Rows read or written a second; what is read again and passed over counts too. No limit by default.");

    static readonly Field<long> BytesPerSecond = new("bytesPerSecond", Scalars.Whole(1, long.MaxValue), "Bytes of rows read or written a second, counted in the same way; no limit by default.");

    static readonly Field<ConnectionLimits> Limits = new("limits",
        new RecordShape<ConnectionLimits>("limits", [Concurrency, RowsPerSecond, BytesPerSecond],
            values => new ConnectionLimits((int?)values.OptionalValue(Concurrency), values.OptionalValue(RowsPerSecond), values.OptionalValue(BytesPerSecond))),
        "How much of the database the hub may use. Left out: as much as it needs.");

    public static KindSchema Kind { get; } = new KindSchema<Connection>(
        ManifestKind.Connection,
        "connections",
        "A front-end database of a department.",
        new RecordShape<Connection>("Connection spec", [Department, Provider, ConnectionString, TimeZone, Limits], values => new Connection
        {
            Name = values.Name,
            Title = values.Title,
            Department = values.Required(Department),
            Provider = values.Required(Provider),
            ConnectionString = values.Required(ConnectionString),
            TimeZone = values.Or(TimeZone, "UTC"),
            Limits = values.Optional(Limits),
        }),
        connection => [("DEPARTMENT", connection.Department), ("PROVIDER", connection.Provider), ("TIMEZONE", connection.TimeZone)]);
}
