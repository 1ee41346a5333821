using System.Security.Cryptography;

namespace Exchange.Adapters.Files;

/// <summary>A file read from its beginning to its end, with the SHA-256 of what was read and the place that was reached. For one reader.</summary>
internal sealed class DigestedStream(string path) : CountedStream
{
    readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override long Length => _file.Length;

    /// <summary>Of the whole file; reads what is left of it.</summary>
    public async Task<string> DigestAsync(CancellationToken cancel)
    {
        var rest = new byte[1 << 16];
        (Limit, Attributes) = (long.MaxValue, null);
        while (await ReadAsync(rest, cancel) > 0)
        {
        }

        return Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    /// <summary>Of a file that is read otherwise.</summary>
    public static async Task<string> DigestOfAsync(string path, CancellationToken cancel)
    {
        await using var file = new DigestedStream(path);
        return await file.DigestAsync(cancel);
    }

    public override int Read(byte[] buffer, int offset, int count) => Take(buffer.AsSpan(offset, count), _file.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _file.ReadAsync(buffer, cancellationToken);
        return Take(buffer.Span, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    int Take(ReadOnlySpan<byte> buffer, int read)
    {
        _hash.AppendData(buffer[..read]);
        return Count(buffer[..read]);
    }

    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        _file.Dispose();
        base.Dispose(disposing);
    }
}
