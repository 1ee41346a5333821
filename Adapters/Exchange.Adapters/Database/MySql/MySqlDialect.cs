using System.Data.Common;
using Exchange.Contracts.FrontEnd;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>MariaDB 10.5 and later, MySQL 8 and later.</summary>
internal sealed partial class MySqlDialect : SqlDialect
{
    /// <summary>
    /// Strict: a value that does not fit is refused, never cut or made zero; 0 in an AUTO_INCREMENT column stays 0. Modes that change what '' or a trailing blank means
    /// are left out whatever the server's default; NO_BACKSLASH_ESCAPES too, for the driver's quoting of parameters rests on it. What the department's own
    /// queries rest on (ANSI_QUOTES, PIPES_AS_CONCAT) is kept. A statement over a large table takes what it takes; only MariaDB has this limit under this name, and reads this comment.
    /// </summary>
    const string Session = """
        SET SESSION sql_mode = CONCAT('STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',
                IF(FIND_IN_SET('ANSI_QUOTES', @@GLOBAL.sql_mode), ',ANSI_QUOTES', ''), IF(FIND_IN_SET('PIPES_AS_CONCAT', @@GLOBAL.sql_mode), ',PIPES_AS_CONCAT', '')),
            SESSION time_zone = '+00:00', SESSION group_concat_max_len = 1048576 /*M! , SESSION max_statement_time = 0 */
        """;

    public override string Provider => "mysql";

    public override int LongestName => 64;

    /// <summary>In characters; the server stores names in the Basic Multilingual Plane only, so UTF-16 units count them.</summary>
    public override int NameLength(string name) => name.Length;

    public override string Quote(string identifier) => identifier.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("A name holds a NUL.", nameof(identifier))
        : $"`{identifier.Replace("`", "``", StringComparison.Ordinal)}`";

    public override async Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) => await OpenMySqlAsync(connection, cancel);

    /// <summary>As <see cref="OpenAsync"/>, typed.</summary>
    public async Task<MySqlConnection> OpenMySqlAsync(FrontEndConnection connection, CancellationToken cancel)
    {
        var open = new MySqlConnection(ConnectionString(connection));
        try
        {
            await open.OpenAsync(cancel);
            await using var command = new MySqlCommand(Session, open);
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
        try
        {
            var settings = ConnectionUrl.Parse(connection, "mysql", "mariadb") is { } url ? FromUrl(url) : new MySqlConnectionStringBuilder(connection.ConnectionString);
            settings.CharacterSet = "utf8mb4";
            settings.TreatTinyAsBoolean = false;
            settings.AllowZeroDateTime = true; // seen and made faults
            settings.ConvertZeroDateTime = false;
            settings.NoBackslashEscapes = false;
            settings.GuidFormat = MySqlGuidFormat.None;
            settings.AllowLoadLocalInfile = true; // bulk writing; the driver sends only what the hub hands it
            settings.UseAffectedRows = false;
            settings.PersistSecurityInfo = false;
            if (string.IsNullOrEmpty(settings.ApplicationName)) settings.ApplicationName = "exchange";
            // A full read may take hours; what ends it is cancellation, not a clock.
            if (!settings.ContainsKey("Default Command Timeout") || settings.DefaultCommandTimeout == 30) settings.DefaultCommandTimeout = 0;
            return settings.ConnectionString;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or NotSupportedException or OverflowException)
        {
            throw ConnectionUrl.Unreadable(connection);
        }
    }

    static MySqlConnectionStringBuilder FromUrl(ConnectionUrl url)
    {
        var settings = new MySqlConnectionStringBuilder { Server = url.Host, UserID = url.User ?? "", Password = url.Password ?? "", Database = url.Database ?? "" };
        if (url.Port is { } port) settings.Port = (uint)port;
        foreach (var (name, value) in url.Options) settings[name] = value;
        return settings;
    }
}
