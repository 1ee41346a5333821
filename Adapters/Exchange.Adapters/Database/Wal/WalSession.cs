using System.Diagnostics;
using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;
using Npgsql.Replication.PgOutput.Messages;
using NpgsqlTypes;

namespace Exchange.Adapters.Database.Wal;

/// <summary>
/// One stream of pgoutput messages, from a point to where the log ended when it began. The server sends whole transactions in the order of their commits; a stream has no end, so that the log's end was
/// reached is known from the place that comes with every message, and with the server's pings where nothing is to be told.
/// </summary>
internal sealed class WalSession(WalCapture capture, CaptureTarget target, WalPoint from, WalLook begun, bool evict) : IWalSession
{
    /// <summary>How long a slot that another reads from is waited for: a reader that was killed leaves it within moments.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>After it a reader that still holds the slot is ended: it is frozen, or its lease is over.</summary>
    static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(500);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// After it the server is asked whether it has nothing more to tell: the end of the log may lie within a record that is not whole yet. A server that reads through a large transaction is silent too, for as
    /// long as it takes, and must be waited for.
    /// </summary>
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(1);

    /// <summary>For a sign of life: a server that lays down a large transaction answers late.</summary>
    static readonly TimeSpan LongestAnswer = TimeSpan.FromMinutes(5);

    readonly Dictionary<uint, int[]> _keyPlaces = [];
    readonly HashSet<uint> _committed = [];
    CancellationTokenSource _ending = new();
    LogicalReplicationConnection? _connection;
    IAsyncEnumerator<PgOutputReplicationMessage>? _messages;
    Task<bool>? _pending;
    long _end = from.Position;
    uint _transaction;
    bool _within;
    bool _ended;

    public async Task<WalPage?> ReadAsync(int keys, CancellationToken cancel)
    {
        if (_ended) return null;
        var (gathered, gap) = await GatherAsync(keys, cancel);
        if (_within) _committed.Add(_transaction);
        var told = await capture.KeysAsync(target, gathered.Keys, _committed, cancel);
        _committed.Clear();
        return new WalPage(told, _end, gap);
    }

    public async Task<WalPeek> PeekAsync(CancellationToken cancel)
    {
        var (gathered, gap) = await GatherAsync(1, cancel);
        return new WalPeek(gathered.Count > 0, _end, gap);
    }

    public async Task ConfirmAsync(long position, CancellationToken cancel)
    {
        if (_connection is null || position <= begun.Confirmed) return;
        try
        {
            _connection.SetReplicationStatus(new NpgsqlLogSequenceNumber((ulong)position));
            await _connection.SendStatusUpdate(cancel);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            // The stream was cut: what holds is the point in the hub's store, from which the next one begins.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _ending.Dispose();
    }

    /// <summary>Keys as texts until there are so many, the end is reached or a gap; and why it is one.</summary>
    async Task<(KeySet Gathered, string? Gap)> GatherAsync(int keys, CancellationToken cancel)
    {
        var gathered = new KeySet(target.KeyColumns.Count);
        var gap = begun.Gap;
        try
        {
            while (gap is null && !_ended && gathered.Count < keys)
            {
                if (await NextAsync(cancel) is { } message) gap = await TakeAsync(message, gathered, cancel);
                else _ended = true;
            }
        }
        catch (PostgresException lost) when (lost.SqlState is PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.UndefinedFile or PostgresErrorCodes.UndefinedObject)
        {
            gap = $"the log can't be read any more: {lost.MessageText}";
        }
        catch (InvalidDataException lost)
        {
            gap = lost.Message;
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException)
        {
            throw capture.Classify(exception, target);
        }

        _ended |= gap is not null;
        return (gathered, gap);
    }

    /// <summary>The next message, or null: the end was reached between two transactions.</summary>
    async Task<PgOutputReplicationMessage?> NextAsync(CancellationToken cancel)
    {
        var began = Stopwatch.StartNew();
        var (evicted, silence, heard) = (false, Stopwatch.StartNew(), 0L);
        while (true)
        {
            if (_connection is null) await StartAsync(cancel);
            _pending ??= _messages!.MoveNextAsync().AsTask();
            // Messages and pings come in one order, and no message that comes later is of a transaction that committed before a place told earlier.
            while (!_pending.IsCompleted)
            {
                var place = (long)(ulong)_connection!.LastReceivedLsn;
                if (place != heard) (heard, silence) = (place, Stopwatch.StartNew());
                var idle = false;
                if (!_within && place < begun.Flushed && silence.Elapsed > LongestSilence)
                {
                    silence.Restart();
                    idle = await capture.IsIdleAsync(target, cancel);
                }

                if (!_within && (place >= begun.Flushed || idle) && !_pending.IsCompleted)
                {
                    _end = Math.Max(_end, Math.Min(place, begun.Flushed));
                    return null;
                }

                await Task.WhenAny(_pending, Task.Delay(Pause, cancel));
                cancel.ThrowIfCancellationRequested();
            }

            var pending = _pending;
            _pending = null;
            try
            {
                return await pending ? _messages!.Current : null;
            }
            catch (PostgresException busy) when (evict && busy.SqlState == PostgresErrorCodes.ObjectInUse && began.Elapsed < Patience)
            {
                await StopAsync();
                if (!evicted && began.Elapsed > Courtesy)
                {
                    evicted = true;
                    await capture.EvictAsync(target, cancel);
                }

                await Task.Delay(Pause * 10, cancel);
            }
        }
    }

    /// <summary>Answers why the changes can't be told by keys, or null.</summary>
    async Task<string?> TakeAsync(PgOutputReplicationMessage message, KeySet keys, CancellationToken cancel)
    {
        switch (message)
        {
            case BeginMessage begin:
                (_transaction, _within) = (begin.TransactionXid, true);
                return null;
            case CommitMessage commit:
                (_end, _within) = (Math.Max(_end, (long)(ulong)commit.TransactionEndLsn), false);
                return null;
            case RelationMessage relation:
                return Describe(relation);
            case TruncateMessage:
                return "the source table was truncated";
            case InsertMessage insert:
                await AddAsync(keys, insert.Relation, insert.NewRow, null, cancel);
                return null;
            case FullUpdateMessage update:
                await AddAsync(keys, update.Relation, update.NewRow, await AddAsync(keys, update.Relation, update.OldRow, null, cancel), cancel);
                return null;
            case IndexUpdateMessage update:
                await AddAsync(keys, update.Relation, update.NewRow, await AddAsync(keys, update.Relation, update.Key, null, cancel), cancel);
                return null;
            case UpdateMessage update:
                await AddAsync(keys, update.Relation, update.NewRow, null, cancel);
                return null;
            case FullDeleteMessage delete:
                await AddAsync(keys, delete.Relation, delete.OldRow, null, cancel);
                return null;
            case KeyDeleteMessage delete:
                await AddAsync(keys, delete.Relation, delete.Key, null, cancel);
                return null;
            default:
                return null;
        }
    }

    /// <summary>A table, partition or heir as it was at that place of the log: found anew whenever the department changes it.</summary>
    string? Describe(RelationMessage relation)
    {
        var places = new int[target.KeyColumns.Count];
        for (var at = 0; at < places.Length; at++)
        {
            places[at] = Enumerable.Range(0, relation.Columns.Count).Where(place => relation.Columns[place].ColumnName == target.KeyColumns[at]).DefaultIfEmpty(-1).First();
            if (places[at] < 0) return $"{relation.RelationName} had no column {target.KeyColumns[at]}";
            if (!relation.Columns[places[at]].Flags.HasFlag(RelationMessage.Column.ColumnFlags.PartOfKey)) return $"{target.KeyColumns[at]} was not in the replica identity of {relation.RelationName}";
        }

        _keyPlaces[relation.RelationId] = places;
        return null;
    }

    /// <summary>Adds the key of a tuple; a column that the log leaves out because it has not changed is taken from the old key.</summary>
    async Task<string?[]> AddAsync(KeySet keys, RelationMessage relation, ReplicationTuple tuple, string?[]? old, CancellationToken cancel)
    {
        var places = _keyPlaces[relation.RelationId];
        var key = new string?[places.Length];
        var column = 0;
        await foreach (var value in tuple.WithCancellation(cancel))
        {
            var at = Array.IndexOf(places, column++);
            if (at < 0 || value.IsDBNull) continue;
            key[at] = value.IsUnchangedToastedValue
                ? old?[at] ?? throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the log leaves out the key of a row of {relation.RelationName}"))
                : await value.Get<string>(cancel);
        }

        if (Array.TrueForAll(key, part => part is not null)) keys.Add(key!);
        _committed.Add(_transaction);
        return key;
    }

    async Task StartAsync(CancellationToken cancel)
    {
        _ending.Dispose();
        _ending = new CancellationTokenSource();
        _connection = await capture.ConnectAsync(abrupt: true, cancel);
        _connection.WalReceiverTimeout = LongestAnswer;
        var options = new PgOutputReplicationOptions(capture.Name(target), PgOutputProtocolVersion.V1);
        _messages = _connection.StartReplication(new PgOutputReplicationSlot(capture.Name(target)), options, _ending.Token, new NpgsqlLogSequenceNumber((ulong)from.Position)).GetAsyncEnumerator(CancellationToken.None);
    }

    async Task StopAsync()
    {
        if (_connection is null) return;
        await _ending.CancelAsync();
        try
        {
            if (_pending is not null) await _pending;
            if (_messages is not null) await _messages.DisposeAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or NpgsqlException or IOException or InvalidOperationException)
        {
            // It was ended on purpose, or what broke it was already told.
        }

        await _connection.DisposeAsync();
        (_connection, _messages, _pending) = (null, null, null);
    }

    /// <summary>Keys once each.</summary>
    sealed class KeySet(int columns)
    {
        readonly HashSet<string> _met = new(StringComparer.Ordinal);

        public List<string[]> Keys { get; } = [];

        public int Count => Keys.Count;

        public void Add(string[] key)
        {
            var text = columns == 1 ? key[0] : string.Concat(key.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Length}:{part}")));
            if (_met.Add(text)) Keys.Add(key);
        }
    }
}
