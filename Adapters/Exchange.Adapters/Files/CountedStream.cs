namespace Exchange.Adapters.Files;

/// <summary>A stream that is read once from its beginning, and counts. For one reader.</summary>
internal abstract class CountedStream : Stream
{
    /// <summary>Bytes given so far.</summary>
    public long Given { get; private set; }

    /// <summary>Given at most up to this place; beyond it reading fails with <see cref="RecordTooLargeException"/>.</summary>
    public long Limit { get; set; } = long.MaxValue;

    /// <summary>Looks at XML that is given; null: it is none.</summary>
    public Markup.AttributeBound? Attributes { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Position { get => Given; set => throw new NotSupportedException(); }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Counts what was read, and gives it unless it lies beyond a limit.</summary>
    /// <param name="read">What is given.</param>
    /// <param name="most">A limit of the whole stream in bytes, which fails with <see cref="UnpackedTooLargeException"/>.</param>
    protected int Count(ReadOnlySpan<byte> read, long most = long.MaxValue)
    {
        Given += read.Length;
        if (Given > most) throw new UnpackedTooLargeException();
        Attributes?.See(read);
        return Given > Limit ? throw new RecordTooLargeException() : read.Length;
    }
}

/// <summary>One record is larger than what is held in memory.</summary>
internal sealed class RecordTooLargeException : Exception;

/// <summary>A part unpacks to more than it may.</summary>
internal sealed class UnpackedTooLargeException : Exception;
