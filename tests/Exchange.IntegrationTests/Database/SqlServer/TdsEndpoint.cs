using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>What a driver asked of an endpoint.</summary>
/// <param name="Kind">batch, rpc, bulk, begin or attention.</param>
/// <param name="Sql">The statement; of sp_executesql the one that is run.</param>
/// <param name="Argument">The first text among an rpc's own parameters.</param>
internal sealed record TdsRequest(string Kind, string Sql, string Argument);

/// <summary>
/// The server's side of Microsoft's protocol (MS-TDS 7.4, without encryption), with a script in the place of a database: it lets the real driver run, records every statement and answers with
/// result sets, errors and transactions. It executes nothing, so it shows what the adapter sends and how it takes answers, not what SQL Server would do.
/// </summary>
internal sealed class TdsEndpoint : IAsyncDisposable
{
    const byte Batch = 1, Rpc = 3, Tabular = 4, Attention = 6, Bulk = 7, Transaction = 14, Login = 16, PreLogin = 18;
    const int HeaderBytes = 8, LargestPacket = 4096;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _ended = new();
    readonly Func<TdsRequest, TdsAnswer> _script;
    readonly ConcurrentBag<Task> _connections = [];
    readonly Task _accepting;

    public TdsEndpoint(Func<TdsRequest, TdsAnswer> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public ConcurrentQueue<TdsRequest> Requests { get; } = [];

    /// <summary>Without a pool, so that each connection is made anew and can be counted.</summary>
    public string ConnectionString => $"Server=127.0.0.1,{((IPEndPoint)_listener.LocalEndpoint).Port};User ID=hub;Password=never-shown;Encrypt=False;Pooling=False;Connect Timeout=20;Connect Retry Count=0";

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _ended.Dispose();
        _listener.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                _connections.Add(Task.Run(() => ServeAsync(client)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (true)
                {
                    var (type, message) = await ReceiveAsync(stream);
                    if (type == PreLogin) await SendAsync(stream, PreLoginAnswer);
                    else if (type == Login) await SendAsync(stream, new TdsAnswer().LoggedIn().Done().Bytes);
                    else if (!await AnswerAsync(stream, type, message)) return;
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The driver has left, or the test is over.
            }
        }
    }

    /// <summary>False: the script cuts the connection.</summary>
    async Task<bool> AnswerAsync(NetworkStream stream, byte type, byte[] message)
    {
        if (type == Attention)
        {
            Requests.Enqueue(new TdsRequest("attention", "", ""));
            await SendAsync(stream, new TdsAnswer().Stopped().Bytes);
            return true;
        }

        var request = type switch
        {
            Batch => new TdsRequest("batch", Encoding.Unicode.GetString(message.AsSpan(Headers(message))), ""),
            Rpc => RpcOf(message),
            Bulk => new TdsRequest("bulk", Encoding.Unicode.GetString(message), ""),
            Transaction => new TdsRequest("begin", "", ""),
            _ => throw new InvalidOperationException($"No message of type {type} is known here."),
        };
        Requests.Enqueue(request);
        var answer = request.Kind == "begin" ? new TdsAnswer().Began().Done() : _script(request);
        if (answer.Cuts) return false;
        // A statement that waits: only the driver's word that it no longer wants it ends the wait.
        if (!answer.Waits) await SendAsync(stream, answer.Bytes);
        return true;
    }

    async Task<(byte Type, byte[] Message)> ReceiveAsync(NetworkStream stream)
    {
        using var message = new MemoryStream();
        var header = new byte[HeaderBytes];
        while (true)
        {
            await stream.ReadExactlyAsync(header, _ended.Token);
            var body = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)) - HeaderBytes];
            await stream.ReadExactlyAsync(body, _ended.Token);
            message.Write(body);
            if ((header[1] & 1) != 0) return (header[0], message.ToArray());
        }
    }

    async Task SendAsync(NetworkStream stream, byte[] message)
    {
        for (int at = 0, packet = 1; at == 0 || at < message.Length; packet++)
        {
            var length = Math.Min(message.Length - at, LargestPacket - HeaderBytes);
            var bytes = new byte[length + HeaderBytes];
            (bytes[0], bytes[1], bytes[6]) = (Tabular, (byte)(at + length == message.Length ? 1 : 0), (byte)packet);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)bytes.Length);
            message.AsSpan(at, length).CopyTo(bytes.AsSpan(HeaderBytes));
            await stream.WriteAsync(bytes, _ended.Token);
            at += Math.Max(length, 1);
        }
    }

    /// <summary>Version 15.0.2000; encryption is not supported; no instance, thread or MARS.</summary>
    static byte[] PreLoginAnswer => [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 15, 0, 7, 0xD0, 0, 0, 2];

    static int Headers(byte[] message) => (int)BinaryPrimitives.ReadUInt32LittleEndian(message);

    /// <summary>sp_executesql: the statement, its declarations, then its own parameters, of which the first text is kept.</summary>
    static TdsRequest RpcOf(byte[] message)
    {
        var at = Headers(message) + 2 + 2 + 2;
        var texts = new List<string>();
        while (at < message.Length && texts.Count < 3)
        {
            at += 1 + (message[at] * 2) + 1;
            const byte NVarChar = 0xE7, NText = 0x63;
            if (message[at] == NText)
            {
                at += 1 + 4 + 5;
                var length = BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(at));
                texts.Add(Encoding.Unicode.GetString(message, at + 4, length));
                at += 4 + length;
                continue;
            }

            if (message[at] != NVarChar) break;
            var max = BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(at + 1)) == ushort.MaxValue;
            at += 1 + 2 + 5;
            texts.Add(max ? Chunked(message, ref at) : Short(message, ref at));
        }

        return new TdsRequest("rpc", texts[0], texts.ElementAtOrDefault(2) ?? "");
    }

    static string Short(byte[] message, ref int at)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(message.AsSpan(at));
        var text = length == ushort.MaxValue ? "" : Encoding.Unicode.GetString(message, at + 2, length);
        at += 2 + (length == ushort.MaxValue ? 0 : length);
        return text;
    }

    static string Chunked(byte[] message, ref int at)
    {
        var text = new StringBuilder();
        for (at += 8; ;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(at));
            at += 4;
            if (length == 0) return text.ToString();
            text.Append(Encoding.Unicode.GetString(message, at, length));
            at += length;
        }
    }
}
