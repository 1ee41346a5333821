using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Exchange.TestSupport;

/// <summary>A PostgreSQL server of one test, which may stop and start it. Not safe for concurrent use.</summary>
public sealed class PrivatePostgreSql : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    readonly string _folder = Directory.CreateTempSubdirectory("exchange-server-").FullName;
    readonly int _port = FreePort();
    Process? _server;

    PrivatePostgreSql()
    {
    }

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Timeout=5");

    static string Programs => Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";

    public static async Task<PrivatePostgreSql> StartNewAsync()
    {
        var server = new PrivatePostgreSql();
        if (Environment.UserName == "root") await RunAsync("chown", "postgres", server._folder);
        await RunAsync(AsPostgres(Path.Combine(Programs, "initdb"), "-D", server._folder + "/data", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"));
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var command = AsPostgres(Path.Combine(Programs, "postgres"), "-D", _folder + "/data", "-p", _port.ToString(CultureInfo.InvariantCulture), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "wal_level=logical", "-c", "shared_buffers=32MB");
        _server = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _server.ErrorDataReceived += (_, _) => { };
        _server.BeginErrorReadLine();
        _server.BeginOutputReadLine();
        for (var clock = Stopwatch.StartNew(); ;)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (clock.Elapsed < Deadline && !_server.HasExited)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>At once, as a server that loses its power: connections are cut, the next start recovers.</summary>
    public async Task StopAsync()
    {
        await RunAsync(AsPostgres(Path.Combine(Programs, "pg_ctl"), "stop", "-D", _folder + "/data", "-m", "immediate", "-w"));
        await _server!.WaitForExitAsync();
        _server.Dispose();
        _server = null;
        NpgsqlConnection.ClearAllPools();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The server refuses to run as root.</summary>
    static string[] AsPostgres(params string[] command) =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command] : command;

    static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {string.Concat(said)}");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
