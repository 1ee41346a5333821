using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database;

/// <summary>A connection string written as a URL: <c>postgresql://user:password@host:port/database?option=value</c>. Never part of a message.</summary>
internal sealed record ConnectionUrl(string Host, int? Port, string? User, string? Password, string? Database, IReadOnlyList<(string Name, string Value)> Options)
{
    /// <summary>Null when the text is no URL of these schemes (then it is the driver's own form).</summary>
    public static ConnectionUrl? Parse(FrontEndConnection connection, params string[] schemes)
    {
        var text = connection.ConnectionString.Trim();
        if (!schemes.Any(scheme => text.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase))) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0) throw Unreadable(connection);
        var login = url.UserInfo.Split(':', 2);
        var options = url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(option =>
        {
            var parts = option.Split('=', 2);
            return (Uri.UnescapeDataString(parts[0]), parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
        });
        var database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/'));
        return new ConnectionUrl(
            url.HostNameType == UriHostNameType.IPv6 ? url.Host.Trim('[', ']') : url.Host,
            url.Port > 0 ? url.Port : null,
            login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : null,
            login.Length == 2 ? Uri.UnescapeDataString(login[1]) : null,
            database.Length > 0 ? database : null,
            [.. options]);
    }

    /// <summary>Neither the text nor the parser's exception is passed on: both may quote the password.</summary>
    public static FrontEndException Unreadable(FrontEndConnection connection) => new(
        FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider,
        $"The connection string of {connection} cannot be read.",
        "Give the driver's keywords (Host=…;Username=…) or a URL (postgresql://, mysql://, sqlserver://, sqlite:PATH); percent-encode special characters in a URL.");
}
