using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Attachments;

/// <summary>
/// The hub's contents of attachments, each once by its digest. They are durable before a batch that refers to them is appended, and stand as long as a kept batch does (<see cref="ContentUses"/>), and
/// <see cref="Grace"/> longer. Killed at any moment there are at most contents that nothing refers to, which the sweep removes. Safe for concurrent callers, on any number of nodes.
/// </summary>
internal sealed partial class ContentStore(IStore store, IContentPlace place, TimeProvider time, ILogger<ContentStore> logger)
{
    /// <summary>How long contents stand after they were last put, referred to or let go of: much longer than the way of a page from its source into the log, or of a batch to its target.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    /// <summary>The same where the hub's room is at its end: who is overtaken by it reads or sends again.</summary>
    public static readonly TimeSpan ShortGrace = TimeSpan.FromHours(1);

    const int SweptAtOnce = 100;

    /// <summary>Takes the contents of a page.</summary>
    public ContentIntake Begin() => new StoredContents(store, place, time);

    /// <summary>The contents in parts of <see cref="AttachmentReference.PartBytes"/>, each valid until the next is asked for. Throws in the end when they are not what the reference says.</summary>
    /// <exception cref="ExchangeException">hub.store.damaged: missing, or changed.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string reference, [EnumeratorCancellation] CancellationToken cancel)
    {
        var at = await store.ReadAsync(session => session.ScalarAsync<string>("SELECT place FROM bus_attachment WHERE reference = @reference", cancel, ("reference", reference)), cancel);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (bytes, any) = (0L, false);
        if (at is not null)
        {
            await foreach (var part in place.ReadAsync(at, cancel))
            {
                any = true;
                bytes += part.Length;
                hash.AppendData(part.Span);
                yield return part;
            }
        }

        if (!any) throw Damaged(reference, "are missing");
        if (AttachmentReference.Of(hash.GetHashAndReset(), bytes).ToString() != reference) throw Damaged(reference, "are not what was put there");
    }

    /// <summary>Bytes of all contents that are named, whether a batch refers to them or not.</summary>
    public Task<long> BytesAsync(CancellationToken cancel) => store.ReadAsync(session => session.ScalarAsync<long>("SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM bus_attachment", cancel), cancel);

    /// <summary>Bytes of the contents that kept batches of each resource refer to, each once; resources without any are left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> BytesByResourceAsync(CancellationToken cancel) => (await store.ReadAsync(session => session.QueryAsync(
        "SELECT u.resource, CAST(sum(a.bytes) AS bigint) FROM (SELECT DISTINCT resource, reference FROM bus_attachment_use) u JOIN bus_attachment a ON a.reference = u.reference GROUP BY u.resource",
        row => (Resource: row.GetString(0), Bytes: row.GetInt64(1)), cancel), cancel)).ToDictionary(each => each.Resource, each => each.Bytes, StringComparer.Ordinal);

    /// <summary>Removes contents that no kept batch refers to, and what killed processes left.</summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> SweepAsync(CancellationToken cancel)
    {
        var removed = await SweepAsync(Grace, cancel);
        await foreach (var places in place.FindStrayAsync(time.GetUtcNow() - Grace, cancel))
        {
            await place.RemoveAsync(places, cancel);
            removed += places.Count;
        }

        if (removed > 0) Removed(removed);
        return removed;
    }

    /// <summary>Removes contents that no kept batch has referred to for so long.</summary>
    /// <returns>How many were removed.</returns>
    public async Task<int> SweepAsync(TimeSpan grace, CancellationToken cancel)
    {
        var (before, removed) = (time.GetUtcNow() - grace, 0);
        while (await UnusedAsync(before, cancel) is { Count: > 0 } places)
        {
            // Nothing names them any more; killed here, they are strays.
            await place.RemoveAsync(places, cancel);
            removed += places.Count;
        }

        return removed;
    }

    /// <summary>Whoever is about to refer to them locks their entries first, and they are not old any more when this looks again.</summary>
    Task<List<string>> UnusedAsync(DateTimeOffset before, CancellationToken cancel) => store.WriteAsync(session => session.QueryAsync("""
        DELETE FROM bus_attachment WHERE touched_at < @before AND NOT EXISTS (SELECT 1 FROM bus_attachment_use u WHERE u.reference = bus_attachment.reference)
            AND reference IN (SELECT a.reference FROM bus_attachment a WHERE a.touched_at < @before AND NOT EXISTS (SELECT 1 FROM bus_attachment_use u WHERE u.reference = a.reference) LIMIT @most)
        RETURNING place
        """, row => row.GetString(0), cancel, ("before", Temporal.Microseconds(before)), ("most", SweptAtOnce)), cancel);

    static ExchangeException Damaged(string reference, string what) => new(ErrorCodes.StoreDamaged, Party.Hub, $"The contents of attachment {reference} {what}.",
        "Restore the hub's store with its attachments from a backup, or read the resource anew: exchange sync SUBSCRIPTION --full.");

    [LoggerMessage(1420, LogLevel.Information, "{Count} contents of attachments were removed: no batch that is kept refers to them")]
    partial void Removed(int count);
}

/// <summary>Takes contents and answers their references. One user at a time.</summary>
internal abstract class ContentIntake : IAsyncDisposable
{
    /// <summary>Contents that are held whole.</summary>
    /// <returns>Their references, in order.</returns>
    public virtual Task<IReadOnlyList<string>> AddAsync(IReadOnlyList<ReadOnlyMemory<byte>> contents, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<string>>([.. contents.Select(one => AttachmentReference.Of(SHA256.HashData(one.Span), one.Length).ToString())]);

    /// <summary>Contents that come in pieces; one at a time.</summary>
    public abstract Task<ContentWriter> BeginAsync(CancellationToken cancel);

    /// <summary>All that was taken is durable when it returns.</summary>
    public abstract Task SealAsync(CancellationToken cancel);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Contents that come in pieces. Disposed before they are finished they are gone.</summary>
internal abstract class ContentWriter : IAsyncDisposable
{
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Bytes so far.</summary>
    public long Size { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel)
    {
        _hash.AppendData(piece.Span);
        Size += piece.Length;
        await KeepAsync(piece, cancel);
    }

    /// <returns>The reference.</returns>
    public async Task<string> FinishAsync(CancellationToken cancel)
    {
        var reference = AttachmentReference.Of(_hash.GetHashAndReset(), Size);
        await EndAsync(reference, cancel);
        return reference.ToString();
    }

    public virtual ValueTask DisposeAsync()
    {
        _hash.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected abstract ValueTask KeepAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel);

    protected abstract Task EndAsync(AttachmentReference reference, CancellationToken cancel);
}

/// <summary>Only computes references: for comparing, which keeps nothing.</summary>
internal sealed class ComparedContents : ContentIntake
{
    public override Task<ContentWriter> BeginAsync(CancellationToken cancel) => Task.FromResult<ContentWriter>(new Writer());

    public override Task SealAsync(CancellationToken cancel) => Task.CompletedTask;

    sealed class Writer : ContentWriter
    {
        protected override ValueTask KeepAsync(ReadOnlyMemory<byte> piece, CancellationToken cancel) => ValueTask.CompletedTask;

        protected override Task EndAsync(AttachmentReference reference, CancellationToken cancel) => Task.CompletedTask;
    }
}
