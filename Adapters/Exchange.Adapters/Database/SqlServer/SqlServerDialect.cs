using System.Data.Common;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>SQL Server 2016 and later, Azure SQL.</summary>
internal sealed partial class SqlServerDialect : SqlDialect
{
    /// <summary>
    /// What a server, database or login may have set otherwise. ANSI_WARNINGS refuses text that would be cut, XACT_ABORT OFF lets a refused row leave its transaction whole.
    /// A lock is waited for two minutes, then it is tried again later; where two wait for each other, the hub gives way to the department.
    /// </summary>
    const string Session = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER, ANSI_NULL_DFLT_ON ON; " +
        "SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, XACT_ABORT, NOCOUNT OFF; SET DATEFORMAT ymd; SET TEXTSIZE 2147483647; SET ROWCOUNT 0; " +
        "SET LOCK_TIMEOUT 120000; SET DEADLOCK_PRIORITY LOW; SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

    public override string Provider => "sqlserver";

    /// <summary>sysname.</summary>
    public override int LongestName => 128;

    /// <summary>In UTF-16 units.</summary>
    public override int NameLength(string name) => name.Length;

    public override string Quote(string identifier) => identifier.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("A name holds a NUL.", nameof(identifier))
        : $"[{identifier.Replace("]", "]]", StringComparison.Ordinal)}]";

    public override string Limit(long rows, long skip = 0) => $"OFFSET {skip} ROWS FETCH NEXT {rows} ROWS ONLY";

    public override async Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) => await OpenSqlServerAsync(connection, cancel);

    /// <summary>As <see cref="OpenAsync"/>, typed.</summary>
    public async Task<SqlConnection> OpenSqlServerAsync(FrontEndConnection connection, CancellationToken cancel)
    {
        var open = new SqlConnection(ConnectionString(connection));
        try
        {
            await open.OpenAsync(cancel);
            await using var command = new SqlCommand(Session, open);
            await command.ExecuteNonQueryAsync(cancel);
            return open;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await open.DisposeAsync();
            throw Classify(exception, connection, "connecting");
        }
        catch
        {
            await open.DisposeAsync();
            throw;
        }
    }

    static string ConnectionString(FrontEndConnection connection)
    {
        SqlConnectionStringBuilder settings;
        try
        {
            settings = ConnectionUrl.Parse(connection, "sqlserver", "mssql") is { } url ? FromUrl(url) : new SqlConnectionStringBuilder(connection.ConnectionString);
            settings.PersistSecurityInfo = false;
            settings.Enlist = false;
            settings.MultipleActiveResultSets = false; // a second result on a connection would hide that the first was not read to its end
            if (!settings.ShouldSerialize("Application Name")) settings.ApplicationName = "exchange";
            // A full read may take hours; what ends it is cancellation, not a clock.
            if (!settings.ShouldSerialize("Command Timeout")) settings.CommandTimeout = 0;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or NotSupportedException or OverflowException or InvalidCastException)
        {
            throw ConnectionUrl.Unreadable(connection);
        }

        if (settings.Authentication is not (SqlAuthenticationMethod.NotSpecified or SqlAuthenticationMethod.SqlPassword))
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, $"{connection}: the connection string asks for Authentication={settings.Authentication}, which the hub does not have.",
                "Use a login of SQL Server (User ID, Password), or Integrated Security=true with Kerberos.");
        return settings.ConnectionString;
    }

    /// <summary>A named instance is an option, for a URL's host takes no backslash; options are the driver's keywords.</summary>
    static SqlConnectionStringBuilder FromUrl(ConnectionUrl url)
    {
        const string Instance = "instance";
        var instance = url.Options.FirstOrDefault(option => option.Name.Equals(Instance, StringComparison.OrdinalIgnoreCase)).Value;
        var settings = new SqlConnectionStringBuilder { DataSource = url.Host + (instance is null ? "" : "\\" + instance) + (url.Port is { } port ? $",{port}" : "") };
        if (url.User is { } user) settings.UserID = user;
        if (url.Password is { } password) settings.Password = password;
        if (url.Database is { } database) settings.InitialCatalog = database;
        foreach (var (name, value) in url.Options)
            if (!name.Equals(Instance, StringComparison.OrdinalIgnoreCase)) settings[name] = value;
        return settings;
    }
}
