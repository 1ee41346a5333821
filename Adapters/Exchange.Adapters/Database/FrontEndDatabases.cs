using Exchange.Adapters.Database.Checksums;
using Exchange.Adapters.Database.MySql;
using Exchange.Adapters.Database.PostgreSql;
using Exchange.Adapters.Database.Reading;
using Exchange.Adapters.Database.Sqlite;
using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Wal;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database;

/// <summary>Makes the hub's view of a front-end database.</summary>
/// <param name="errors">Makes the error tables of an engine.</param>
/// <param name="targets">Makes the writer of an engine.</param>
/// <param name="attachments">Makes the writer of contents of an engine; null: none is asked for.</param>
internal sealed class FrontEndDatabases(Func<FrontEndConnection, SqlDialect, IErrorTable> errors, Func<FrontEndConnection, SqlDialect, ITargetWriter> targets,
    Func<FrontEndConnection, SqlDialect, IAttachmentTable>? attachments = null) : IFrontEndDatabases
{
    readonly PostgreSqlDialect _postgresql = new();
    readonly MySqlDialect _mysql = new();
    readonly SqliteDialect _sqlite = new();
    readonly SqlServerDialect _sqlserver = new();

    public IReadOnlyList<string> Providers { get; } = ["postgresql", "mysql", "sqlserver", "sqlite"];

    public IFrontEndDatabase Open(FrontEndConnection connection)
    {
        switch (connection.Provider)
        {
            case "postgresql":
                return Make(connection, _postgresql, cancel => PostgreSqlReadSession.OpenAsync(_postgresql, connection, cancel), open => new PostgreSqlCapture(connection, _postgresql, open), open => new WalCapture(connection, _postgresql, open));
            case "mysql":
                return Make(connection, _mysql, cancel => MySqlReadSession.OpenAsync(_mysql, connection, cancel), open => new MySqlCapture(connection, _mysql, open));
            case "sqlserver":
                return Make(connection, _sqlserver, cancel => SqlServerReadSession.OpenAsync(_sqlserver, connection, cancel), open => new SqlServerCapture(connection, _sqlserver, open));
            case "sqlite":
                return Make(connection, _sqlite, cancel => SqliteReadSession.OpenAsync(_sqlite, connection, cancel), open => new SqliteCapture(connection, _sqlite, open));
            default:
                throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, $"{connection}: the provider '{connection.Provider}' is unknown.", $"Use one of: {string.Join(", ", Providers)}.");
        }
    }

    static IChecksums ChecksumsOf(FrontEndConnection connection, SqlDialect dialect) => dialect switch
    {
        PostgreSqlDialect => new PostgreSqlChecksums(connection, dialect),
        MySqlDialect => new MySqlChecksums(connection, dialect),
        _ => new NoChecksums(),
    };

    FrontEndDatabase Make(FrontEndConnection connection, SqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open, Func<Func<CancellationToken, Task<ReadSession>>, IChangeCapture> capture,
        Func<Func<CancellationToken, Task<ReadSession>>, IWalCapture>? wal = null) =>
        new(connection, dialect, open, capture(open), errors(connection, dialect), targets(connection, dialect), attachments?.Invoke(connection, dialect)!, ChecksumsOf(connection, dialect), wal?.Invoke(open));
}
