using System.Runtime.CompilerServices;
using Exchange.Adapters.Database.Sqlite;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <inheritdoc cref="IAttachmentSweep"/>
internal sealed class AttachmentSweeper(TargetEngine engine, FrontEndConnection connection) : IAttachmentSweep
{
    public Task RegisterAsync(TargetTable target, CancellationToken cancel) => SqliteDialect.IsMissing(connection) ? Task.CompletedTask : engine.OnSessionAsync(connection, "entering columns beside", target.Table, async session =>
    {
        if (await engine.Dialect.DescribeAsync(session, connection, AttachmentTableWriter.Shape(target.Table).Table, cancel) is null) return 0;
        await new TablePreparation(engine, connection).PrepareAsync(session, [(AttachmentMarks.Columns(target.Table), true), (AttachmentMarks.Unused(target.Table), true)], cancel);
        // One that was not delivered yet has no rows; its first delivery enters it.
        if (await engine.Dialect.DescribeAsync(session, connection, target.Table, cancel) is not null) await Marks(target.Table).RegisterAsync(session, target, cancel);
        return 0;
    }, cancel);

    public Task<IReadOnlyList<AttachmentColumn>> ColumnsAsync(TableName beside, CancellationToken cancel) =>
        engine.OnSessionAsync<IReadOnlyList<AttachmentColumn>>(connection, "reading columns beside", beside, async session => await Marks(beside).ColumnsAsync(session, cancel), cancel);

    public Task<IReadOnlyList<AttachmentEntry>> ListAsync(TableName beside, string after, int most, CancellationToken cancel) => SqliteDialect.IsMissing(connection) ? Task.FromResult<IReadOnlyList<AttachmentEntry>>([]) : engine.OnSessionAsync<IReadOnlyList<AttachmentEntry>>(connection, "listing attachments beside", beside, async session =>
        await engine.Dialect.DescribeAsync(session, connection, AttachmentTableWriter.Shape(beside).Table, cancel) is null ? [] : await Marks(beside).ListAsync(session, after, most, cancel), cancel);

    public Task<bool> PassAsync(TableName beside, string subscription, CancellationToken cancel) => engine.OnSessionAsync(connection, "waiting for deliveries beside", beside, async session =>
    {
        var name = TargetEngine.SubscriptionLock + subscription;
        await engine.BeginAsync(session, cancel);
        var passed = false;
        try
        {
            return passed = await engine.TryLockAsync(session, name, cancel);
        }
        finally
        {
            await session.TryAsync("ROLLBACK");
            if (passed) await engine.UnlockAsync(session, name, CancellationToken.None);
        }
    }, cancel);

    public async IAsyncEnumerable<string> TextsAsync(TableName beside, AttachmentColumn column, [EnumeratorCancellation] CancellationToken cancel)
    {
        var table = beside with { Name = column.Table };
        await using var session = await engine.RunAsync(connection, "connecting to read", table, () => engine.OpenAsync(connection, cancel), cancel);
        await using var command = session.Command($"SELECT {engine.Dialect.Quote(column.Column)} FROM {engine.Dialect.Quote(table)} WHERE {engine.Dialect.Quote(column.Column)} IS NOT NULL");
        await using var reader = await engine.RunAsync(connection, "reading references of", table, () => command.ExecuteReaderAsync(cancel), cancel);
        while (await engine.RunAsync(connection, "reading references of", table, () => reader.ReadAsync(cancel), cancel))
        {
            // What can't be understood might refer to anything.
            if (reader.GetValue(0) is not string text)
            {
                throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Subscriber, $"{connection}: column {column.Column} of {table} holds other things than texts, so what it refers to is not known.",
                    "Take the column out of exchange_attachment_column, or make it a text.");
            }

            yield return text;
        }
    }

    public Task MarkAsync(TableName beside, IReadOnlyList<string> references, long at, CancellationToken cancel) => engine.OnSessionAsync(connection, "marking attachments beside", beside, async session =>
    {
        foreach (var reference in references) await Marks(beside).MarkAsync(session, reference, at, cancel);
        return 0;
    }, cancel);

    public Task UnmarkAsync(TableName beside, IReadOnlyList<string> references, CancellationToken cancel) => engine.OnSessionAsync(connection, "unmarking attachments beside", beside, async session =>
    {
        foreach (var reference in references) await Marks(beside).UnmarkAsync(session, [reference], cancel);
        return 0;
    }, cancel);

    public Task<bool> RemoveAsync(TableName beside, AttachmentEntry entry, CancellationToken cancel) => engine.OnSessionAsync(connection, "removing an attachment beside", beside, async session =>
    {
        if (entry.MarkedAt is not { } markedAt) return false;
        await engine.BeginAsync(session, cancel);
        try
        {
            var removed = await Marks(beside).RemoveAsync(session, entry.Reference, markedAt, cancel);
            await session.RunAsync(removed ? "COMMIT" : "ROLLBACK", cancel);
            return removed;
        }
        catch
        {
            await session.TryAsync("ROLLBACK");
            throw;
        }
    }, cancel);

    AttachmentMarks Marks(TableName beside) => new(engine, beside);
}
