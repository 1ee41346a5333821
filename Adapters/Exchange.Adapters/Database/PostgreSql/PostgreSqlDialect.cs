using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>PostgreSQL 12 and later.</summary>
internal sealed partial class PostgreSqlDialect : SqlDialect
{
    /// <summary>Texts of types without a kind of their own must not depend on what a department set for its roles.</summary>
    const string Session = "SET DateStyle TO 'ISO, YMD'; SET IntervalStyle TO 'postgres'; SET bytea_output TO 'hex'; SET extra_float_digits TO 1; " +
        "SET standard_conforming_strings TO on; SET xmloption TO content; SET statement_timeout TO 0; SET idle_in_transaction_session_timeout TO 0";

    const int BufferBytes = 64 * 1024;

    public override string Provider => "postgresql";

    /// <summary>NAMEDATALEN - 1.</summary>
    public override int LongestName => 63;

    public override int NameLength(string name) => Encoding.UTF8.GetByteCount(name);

    public override string Quote(string identifier) => identifier.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("A name holds a NUL.", nameof(identifier))
        : $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public override async Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) => await OpenPostgresAsync(connection, cancel);

    /// <summary>As <see cref="OpenAsync"/>, typed.</summary>
    public async Task<NpgsqlConnection> OpenPostgresAsync(FrontEndConnection connection, CancellationToken cancel)
    {
        var open = new NpgsqlConnection(ConnectionString(connection));
        try
        {
            await open.OpenAsync(cancel);
            await using var command = new NpgsqlCommand(Session, open);
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

    /// <summary>With what the hub needs of a session, and nothing that would show a password.</summary>
    public static string ConnectionString(FrontEndConnection connection)
    {
        try
        {
            var settings = ConnectionUrl.Parse(connection, "postgresql", "postgres") is { } url ? FromUrl(url) : new NpgsqlConnectionStringBuilder(connection.ConnectionString);
            settings.Timezone = "UTC";
            settings.ClientEncoding = "UTF8";
            settings.TcpKeepAlive = true;
            settings.PersistSecurityInfo = false;
            settings.IncludeErrorDetail = false; // details quote whole rows
            settings.ApplicationName ??= "exchange";
            // The driver's 8 kB would take a system call for some twenty rows.
            if (!settings.ShouldSerialize("Read Buffer Size")) settings.ReadBufferSize = BufferBytes;
            if (!settings.ShouldSerialize("Write Buffer Size")) settings.WriteBufferSize = BufferBytes;
            // A full read may take hours; what ends it is cancellation, not a clock.
            if (!settings.ShouldSerialize("Command Timeout")) settings.CommandTimeout = 0;
            return settings.ConnectionString;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or NotSupportedException)
        {
            throw ConnectionUrl.Unreadable(connection);
        }
    }

    static NpgsqlConnectionStringBuilder FromUrl(ConnectionUrl url)
    {
        var settings = new NpgsqlConnectionStringBuilder { Host = url.Host, Username = url.User, Password = url.Password, Database = url.Database };
        if (url.Port is { } port) settings.Port = port;
        foreach (var (name, value) in url.Options)
            settings[name.ToLowerInvariant() switch
            {
                "sslmode" => "SSL Mode",
                "sslrootcert" => "Root Certificate",
                "sslcert" => "SSL Certificate",
                "sslkey" => "SSL Key",
                "application_name" => "Application Name",
                "connect_timeout" => "Timeout",
                "search_path" or "currentschema" => "Search Path",
                _ => name,
            }] = name.Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? value.Replace("-", "", StringComparison.Ordinal) : value;
        return settings;
    }

    /// <summary>0001-01-01 and 9999-12-31 are dates like others; Npgsql would write them as -infinity and infinity. It reads the switch once, before its first use.</summary>
#pragma warning disable CA2255 // the one safe place: nothing of this assembly can have touched Npgsql before
    [ModuleInitializer]
    internal static void KeepInfinityApart() => AppContext.SetSwitch("Npgsql.DisableDateTimeInfinityConversions", true);
#pragma warning restore CA2255
}
