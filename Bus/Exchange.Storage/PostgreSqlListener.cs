using Exchange.Contracts.Errors;
using Npgsql;

namespace Exchange.Storage;

/// <summary>Waits by LISTEN on a connection of its own, without polling. A lost connection is opened again at the next wait.</summary>
internal sealed class PostgreSqlListener(Func<CancellationToken, Task<NpgsqlConnection>> open, string channel) : IStoreListener
{
    // The driver counts whole milliseconds and takes zero for "for ever".
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    NpgsqlConnection? _connection;

    public static string ChannelName(string channel) => "exchange-" + channel;

    public async Task<bool> WaitAsync(TimeSpan most, CancellationToken cancel)
    {
        try
        {
            if (_connection is null)
            {
                _connection = await open(cancel);
                await ListenAsync(_connection, cancel);
                return true;
            }

            if (await _connection.WaitAsync(most > Shortest ? most : Shortest, cancel)) return true;
            // Also finds out whether the server is still there.
            await ListenAsync(_connection, cancel);
            return false;
        }
        catch (Exception lost) when (lost is NpgsqlException or ExchangeException or ObjectDisposedException or InvalidOperationException)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync();
        _connection = null;
    }

    async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"LISTEN \"{ChannelName(channel).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        await command.ExecuteNonQueryAsync(cancel);
    }
}
