using Microsoft.Data.Sqlite;

namespace Exchange.Storage;

/// <summary>
/// Waits for a pulse of this process, and looks at the file's change counter for what other processes wrote (any write of theirs wakes; it costs a read of
/// shared memory).
/// </summary>
internal sealed class SqliteListener : IStoreListener
{
    static readonly TimeSpan LookAtFile = TimeSpan.FromMilliseconds(100);

    readonly Func<CancellationToken, Task<SqliteConnection>> _open;
    readonly Pulses _pulses;
    readonly string _channel;
    readonly SemaphoreSlim _pulse = new(0, 1);
    SqliteConnection? _connection;
    long _version;

    public SqliteListener(Func<CancellationToken, Task<SqliteConnection>> open, Pulses pulses, string channel)
    {
        (_open, _pulses, _channel) = (open, pulses, channel);
        pulses.Add(channel, _pulse);
    }

    public async Task<bool> WaitAsync(TimeSpan most, CancellationToken cancel)
    {
        if (_connection is null)
        {
            _connection = await _open(cancel);
            _version = await VersionAsync(_connection, cancel);
            return true;
        }

        for (var left = most; ; left -= LookAtFile)
        {
            var slice = left < LookAtFile ? left : LookAtFile;
            if (slice <= TimeSpan.Zero) return false;
            // In real time: other processes do not follow a clock that this one was given.
            var raised = await _pulse.WaitAsync(slice, cancel);
            var version = await VersionAsync(_connection, cancel);
            if (raised || version != _version)
            {
                _version = version;
                return true;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _pulses.Remove(_channel, _pulse);
        if (_connection is { } connection) await connection.DisposeAsync();
        _connection = null;
    }

    static async Task<long> VersionAsync(SqliteConnection connection, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}
