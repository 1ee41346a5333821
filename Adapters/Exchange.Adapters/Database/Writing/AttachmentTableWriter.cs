using System.Data.Common;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <inheritdoc cref="IAttachmentTable"/>
/// <remarks>Each part of what is large in a transaction of its own, so that no other writer of the database waits for long.</remarks>
internal sealed class AttachmentTableWriter(TargetEngine engine, FrontEndConnection connection) : IAttachmentTable
{
    static readonly ItemType Number = new(ItemKind.Int32);
    static readonly ItemType Bytes = new(ItemKind.Binary);
    static readonly string[] Key = ["reference", "part"];

    /// <summary>Described as a target, so that it is made and compared as every other table.</summary>
    public static TargetTable Shape(TableName beside) => new()
    {
        Subscription = "",
        Table = beside with { Name = "exchange_attachment" },
        Key = Key,
        Title = "Contents of attachments, in parts; part 0 is written last",
        Columns =
        [
            new("reference", ItemType.String(AttachmentReference.LongestText), true, "sha256:DIGEST/BYTES, as rows hold it"),
            new("part", Number, true, "From 0; each of 1 MiB, the last excepted"),
            new("content", Bytes, true, "The bytes of this part"),
        ],
    };

    public IAttachmentSweep Sweep { get; } = new AttachmentSweeper(engine, connection);

    public Task<IReadOnlySet<string>> WholeAsync(TargetTable target, IReadOnlyCollection<string> references, CancellationToken cancel) =>
        engine.OnSessionAsync(connection, "looking for attachments beside", target.Table, session => new AttachmentMarks(engine, target.Table).StandingAsync(session, references, current: false, cancel), cancel);

    public async Task WriteAsync(TargetTable target, string reference, IAsyncEnumerable<ReadOnlyMemory<byte>> parts, CancellationToken cancel)
    {
        await using var session = await engine.RunAsync(connection, "connecting to write attachments beside", target.Table, () => engine.OpenAsync(connection, cancel), cancel);
        byte[]? first = null;
        var number = 0;
        await foreach (var part in parts.WithCancellation(cancel))
        {
            if (number == 0) first = part.ToArray();
            else await PartAsync(session, target, reference, number, part, cancel);
            number++;
        }

        // Only now: all others stand, and whoever gave the parts has seen them to their end.
        await EndAsync(session, target, reference, number - 1, first ?? throw new ArgumentException("Contents have at least one part.", nameof(parts)), cancel);
    }

    public async Task WriteSmallAsync(TargetTable target, IReadOnlyList<(string Reference, ReadOnlyMemory<byte> Content)> contents, CancellationToken cancel)
    {
        await using var session = await engine.RunAsync(connection, "connecting to write attachments beside", target.Table, () => engine.OpenAsync(connection, cancel), cancel);
        // In one order everywhere, so that two who write the same don't wait for each other.
        await PartsAsync(session, target, [.. contents.OrderBy(one => one.Reference, StringComparer.Ordinal).Select(one => (one.Reference, 0, one.Content))], cancel);
    }

    /// <summary>
    /// Part 0, if the others still stand: a sweep may have taken them for contents of a killed writer. Under the subscription's lock and without a mark nobody removes them while this is done, as
    /// <see cref="IAttachmentSweep"/> says.
    /// </summary>
    Task<int> EndAsync(DbConnection session, TargetTable target, string reference, long further, byte[] first, CancellationToken cancel) => engine.RunAsync(connection, "writing an attachment beside", target.Table, async () =>
    {
        var marks = new AttachmentMarks(engine, target.Table);
        var name = TargetEngine.SubscriptionLock + target.Subscription;
        await engine.BeginAsync(session, cancel);
        try
        {
            await engine.LockAsync(session, name, cancel);
            await marks.UnmarkAsync(session, [reference], cancel);
            if (await marks.FurtherPartsAsync(session, reference, cancel) != further)
                throw new FrontEndException(FrontEndFault.Transient, ErrorCodes.FrontEndFailed, Party.Subscriber, $"{connection}: parts of the attachment {reference} were removed while others were written.", "It is sent again.");
            await InsertAsync(session, target, reference, 0, first, cancel);
            await session.RunAsync("COMMIT", cancel);
            return 1;
        }
        catch
        {
            await session.TryAsync("ROLLBACK");
            throw;
        }
        finally
        {
            await engine.UnlockAsync(session, name, CancellationToken.None);
        }
    }, cancel);

    Task<int> PartAsync(DbConnection session, TargetTable target, string reference, int number, ReadOnlyMemory<byte> content, CancellationToken cancel) => PartsAsync(session, target, [(reference, number, content)], cancel);

    /// <summary>Those that are missing, in one transaction.</summary>
    Task<int> PartsAsync(DbConnection session, TargetTable target, IReadOnlyList<(string Reference, int Number, ReadOnlyMemory<byte> Content)> parts, CancellationToken cancel) => engine.RunAsync(connection, "writing an attachment beside", target.Table, async () =>
    {
        await engine.BeginAsync(session, cancel);
        try
        {
            foreach (var (reference, number, content) in parts) await InsertAsync(session, target, reference, number, content, cancel);
            await session.RunAsync("COMMIT", cancel);
            return parts.Count;
        }
        catch
        {
            await session.TryAsync("ROLLBACK");
            throw;
        }
    }, cancel);

    async Task InsertAsync(DbConnection session, TargetTable target, string reference, int number, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        await using var command = session.Command("");
        engine.Bind(command, "@reference", Text(reference), 0, null);
        engine.Bind(command, "@part", NumberOf(number), 0, null);
        engine.Bind(command, "@content", BytesOf(content.Span), 0, null);
        command.CommandText = engine.InsertNew(Table(target), $"{Quoted("reference")}, {Quoted("part")}, {Quoted("content")}", "(@reference, @part, @content)", Key);
        await command.ExecuteNonQueryAsync(cancel);
    }

    string Table(TargetTable target) => engine.Dialect.Quote(Shape(target.Table).Table);

    string Quoted(string name) => engine.Dialect.Quote(name);

    static BytesColumn Text(string text)
    {
        var column = new BytesColumn("reference", ItemType.Attachment, 1);
        column.Append(text);
        return column;
    }

    static BytesColumn BytesOf(ReadOnlySpan<byte> content)
    {
        var column = new BytesColumn("content", Bytes, 1);
        column.Append(content);
        return column;
    }

    static LongColumn NumberOf(int number)
    {
        var column = new LongColumn("part", Number, 1);
        column.Append(number);
        return column;
    }
}
