using System.Data.Common;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;

namespace Exchange.Adapters.Database.Sqlite;

/// <summary>A SQLite 3 file. The connection string is a path, <c>sqlite:PATH</c> or the driver's keywords.</summary>
internal sealed partial class SqliteDialect : SqlDialect
{
    /// <summary>How long a locked file is waited for, in seconds.</summary>
    const int BusySeconds = 30;

    public override string Provider => "sqlite";

    /// <summary>SQLite has no limit of its own; names stay readable.</summary>
    public override int LongestName => 255;

    public override int NameLength(string name) => name.Length;

    public override string Quote(string identifier) => identifier.Contains('\0', StringComparison.Ordinal)
        ? throw new ArgumentException("A name holds a NUL.", nameof(identifier))
        : $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Creates a file that is missing, as targets need; <see cref="OpenExistingAsync"/> does not.</summary>
    public override async Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) => await OpenSqliteAsync(connection, create: true, cancel);

    /// <summary>For reading and capture: a missing file is a fault, not a new empty database.</summary>
    public Task<SqliteConnection> OpenExistingAsync(FrontEndConnection connection, CancellationToken cancel) => OpenSqliteAsync(connection, create: false, cancel);

    /// <summary>The file, or null for a database in memory.</summary>
    public static string? FileOf(FrontEndConnection connection) => Settings(connection) is { Mode: not SqliteOpenMode.Memory } settings && settings.DataSource is not (":memory:" or "") &&
        !settings.DataSource.StartsWith("file:", StringComparison.Ordinal) ? settings.DataSource : null;

    /// <summary>Whether it is a SQLite connection whose file is not there. A connection string that cannot be read is not missing; opening it tells what is wrong.</summary>
    public static bool IsMissing(FrontEndConnection connection)
    {
        if (connection.Provider != "sqlite") return false;
        try
        {
            return FileOf(connection) is { } file && !System.IO.File.Exists(file);
        }
        catch (FrontEndException)
        {
            return false;
        }
    }

    async Task<SqliteConnection> OpenSqliteAsync(FrontEndConnection connection, bool create, CancellationToken cancel)
    {
        var settings = Settings(connection);
        if (!create && FileOf(connection) is { } file && !System.IO.File.Exists(file)) throw FaultMessage.Missing(connection, "opening the file", $"there is no file {file}", inner: null);
        if (!create && settings.Mode == SqliteOpenMode.ReadWriteCreate) settings.Mode = SqliteOpenMode.ReadWrite;
        var open = new SqliteConnection(settings.ConnectionString);
        try
        {
            await open.OpenAsync(cancel);
            await using var command = open.CreateCommand();
            command.CommandText = $"PRAGMA busy_timeout = {BusySeconds}000";
            await command.ExecuteNonQueryAsync(cancel);
            return open;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await open.DisposeAsync();
            throw Classify(exception, connection, "opening the file");
        }
        catch
        {
            await open.DisposeAsync();
            throw;
        }
    }

    static SqliteConnectionStringBuilder Settings(FrontEndConnection connection)
    {
        var text = connection.ConnectionString.Trim();
        if (text.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase))
        {
            text = text["sqlite:".Length..];
            if (text.StartsWith("//", StringComparison.Ordinal)) text = text[2..];
            return File(text);
        }

        // A path may hold '=' too; the driver's form names one of its keywords first.
        var keyword = text.Split('=', 2)[0].Trim();
        try
        {
            return text.Contains('=', StringComparison.Ordinal) && new SqliteConnectionStringBuilder().ContainsKey(keyword)
                ? new SqliteConnectionStringBuilder(text) { DefaultTimeout = BusySeconds }
                : File(text);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            throw ConnectionUrl.Unreadable(connection);
        }

        static SqliteConnectionStringBuilder File(string path) => new() { DataSource = path, DefaultTimeout = BusySeconds };
    }
}
