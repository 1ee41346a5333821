using Exchange.Contracts.Errors;
using Npgsql;

namespace Exchange.Storage;

/// <summary>What a store's address means: an engine and a file or a connection string.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Target">SQLite: absolute path of the file; PostgreSQL: connection string, secret.</param>
/// <param name="Label">What people may see of it.</param>
internal sealed record StoreAddress(StoreEngine Engine, string Target, string Label)
{
    const string DefaultFile = "exchange.db";
    const string Forms = "Write sqlite:PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of user and password percent-encoded.";

    // libpq's names of the parameters that people put into a URL; Npgsql's own names are taken as they are.
    static readonly Dictionary<string, string> LibpqKeywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["target_session_attrs"] = "Target Session Attributes",
        ["options"] = "Options",
    };

    public override string ToString() => Label;

    /// <exception cref="ExchangeException">hub.store.invalid; never shows the address, which may hold a password.</exception>
    public static StoreAddress Parse(StoreOptions options)
    {
        var text = options.Store?.Trim();
        if (string.IsNullOrEmpty(text)) return SqliteFile(Path.Combine(options.DataFolder, DefaultFile));
        if (text.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase)) return Sqlite(text["sqlite:".Length..]);

        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && !text[..scheme].Contains('='))
        {
            return text[..scheme].ToLowerInvariant() is "postgresql" or "postgres"
                ? PostgreSqlUrl(text[(scheme + 3)..])
                : throw Invalid("the address of the store has a scheme that is neither sqlite nor postgresql.");
        }

        return text.Contains('=') ? PostgreSqlKeywords(text) : throw Invalid("the address of the store is neither sqlite:PATH nor a postgresql:// URL.");
    }

    static StoreAddress Sqlite(string path)
    {
        if (path.StartsWith("//", StringComparison.Ordinal)) path = path[2..];
        if (path.Length == 0 || path.StartsWith(':') || path.Contains('\0')) throw Invalid("the address of the store names no file after sqlite:.");
        return SqliteFile(path);
    }

    static StoreAddress SqliteFile(string path)
    {
        var full = Path.GetFullPath(path);
        return Directory.Exists(full)
            ? throw Invalid($"the SQLite store {full} is a folder.")
            : new StoreAddress(StoreEngine.Sqlite, full, "sqlite:" + full);
    }

    static StoreAddress PostgreSqlKeywords(string text)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            // The driver's message may quote a piece of the password; it is dropped.
            throw Invalid("the connection string of the store has a keyword or a value that PostgreSQL's driver does not know.");
        }

        return PostgreSql(builder);
    }

    static StoreAddress PostgreSqlUrl(string rest)
    {
        var builder = new NpgsqlConnectionStringBuilder();
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var parameters = query < 0 ? "" : rest[(query + 1)..];
        if (query >= 0) rest = rest[..query];

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var database = slash < 0 ? "" : Decode(rest[(slash + 1)..], "database");
        var authority = slash < 0 ? rest : rest[..slash];
        if (database.Length > 0) builder.Database = database;

        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var user = authority[..at];
            var colon = user.IndexOf(':', StringComparison.Ordinal);
            builder.Username = Decode(colon < 0 ? user : user[..colon], "user");
            if (colon >= 0) builder.Password = Decode(user[(colon + 1)..], "password");
        }

        SetHost(builder, authority[(at + 1)..]);
        foreach (var pair in parameters.Split('&', StringSplitOptions.RemoveEmptyEntries)) SetParameter(builder, pair);
        return PostgreSql(builder);
    }

    static void SetHost(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        if (hosts.Contains(','))
        {
            // Several nodes of one cluster: the driver takes host:port,host:port as it stands.
            builder.Host = Decode(hosts, "host");
            return;
        }

        var end = hosts.StartsWith('[') ? hosts.IndexOf(']', StringComparison.Ordinal) + 1 : Math.Max(hosts.IndexOf(':', StringComparison.Ordinal), 0);
        if (end == 0 && !hosts.StartsWith(':')) end = hosts.Length;
        builder.Host = Decode(hosts[..end], "host").Trim('[', ']');
        if (end == hosts.Length) return;
        if (hosts[end] != ':' || !ushort.TryParse(hosts[(end + 1)..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            throw Invalid("the port in the address of the store is not a number from 1 to 65535 (is a special character of the password not percent-encoded?).");
        }

        builder.Port = port;
    }

    static void SetParameter(NpgsqlConnectionStringBuilder builder, string pair)
    {
        var equals = pair.IndexOf('=', StringComparison.Ordinal);
        var key = Decode(equals < 0 ? pair : pair[..equals], "parameter");
        var value = equals < 0 ? "" : Decode(pair[(equals + 1)..], key);
        if (key.Equals("sslmode", StringComparison.OrdinalIgnoreCase)) value = value.Replace("-", "", StringComparison.Ordinal);
        if (key.Equals("target_session_attrs", StringComparison.OrdinalIgnoreCase)) value = value.Replace("read-write", "primary", StringComparison.Ordinal);
        try
        {
            builder[LibpqKeywords.GetValueOrDefault(key, key)] = value;
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw Invalid($"the parameter '{key}' in the address of the store is not known or its value does not fit.");
        }
    }

    static StoreAddress PostgreSql(NpgsqlConnectionStringBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Host)) throw Invalid("the address of the store names no host.");
        if (string.IsNullOrEmpty(builder.Database)) throw Invalid("the address of the store names no database.");
        builder.PersistSecurityInfo = false;
        builder.IncludeErrorDetail = false;
        if (string.IsNullOrEmpty(builder.ApplicationName)) builder.ApplicationName = "exchange";
        return new StoreAddress(StoreEngine.PostgreSql, builder.ConnectionString, $"postgresql://{builder.Host}:{builder.Port}/{builder.Database}");
    }

    static string Decode(string text, string part)
    {
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                throw Invalid($"the {part} in the address of the store has a % that no two hexadecimal digits follow (write %25 for a percent sign).");
            }
        }

        return Uri.UnescapeDataString(text);
    }

    static ExchangeException Invalid(string what) => new(ErrorCodes.StoreInvalid, Party.Caller, "The store can't be used: " + what, Forms);
}
