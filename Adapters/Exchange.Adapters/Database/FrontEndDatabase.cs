using Exchange.Adapters.Database.Reading;
using Exchange.Adapters.Database.Sqlite;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database;

/// <summary>The parts of one engine put together.</summary>
/// <param name="connection">The department's database.</param>
/// <param name="dialect">The engine.</param>
/// <param name="open">Opens a reading session; told whether a missing SQLite file is a fault by the engine itself.</param>
/// <param name="capture">Triggers and change log.</param>
/// <param name="errors">Error tables.</param>
/// <param name="target">Targets.</param>
/// <param name="attachments">Contents at targets.</param>
/// <param name="checksums">Sums of tables.</param>
/// <param name="wal">The engine's own log, or null.</param>
internal sealed class FrontEndDatabase(
    FrontEndConnection connection, SqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open, IChangeCapture capture, IErrorTable errors, ITargetWriter target, IAttachmentTable attachments, IChecksums checksums, IWalCapture? wal = null) : IFrontEndDatabase
{
    public FrontEndConnection Connection => connection;

    public ISourceReader Source { get; } = new SourceReader(connection, dialect, open);

    public IChangeCapture Capture => capture;

    public IWalCapture? Wal => wal;

    public IErrorTable Errors => errors;

    public ITargetWriter Target => target;

    public IAttachmentTable Attachments => attachments;

    public IChecksums Checksums => checksums;

    public Task<IReadOnlyList<ConnectionStep>> CheckAsync(SourceQuery? sample, CancellationToken cancel) => new ConnectionCheck(connection, dialect, Source).RunAsync(sample, cancel);

    public async Task<TableDescription?> DescribeAsync(TableName table, CancellationToken cancel)
    {
        // Looking at a SQLite file that is not there must not make it.
        if (SqliteDialect.IsMissing(connection)) return null;
        await using var session = await dialect.OpenAsync(connection, cancel);
        return await dialect.DescribeAsync(session, connection, table, cancel);
    }

    public async Task<TableDescription> DescribeQueryAsync(string query, CancellationToken cancel)
    {
        try
        {
            await using var session = await open(cancel);
            var shapes = await session.ShapesAsync($"(\n{query.Trim().TrimEnd(';')}\n) s", null, cancel);
            return new TableDescription
            {
                Table = new TableName(null, "query"),
                Columns = [.. shapes.Select(shape => new TableColumn(shape.Column, shape.Native, shape.Type, Nullable: true, Required: false, CaseInsensitive: false))],
                IsView = true,
            };
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException)
        {
            throw dialect.Classify(exception, connection, "describing the query");
        }
    }

    /// <summary>Pools belong to the drivers and serve other databases of the same connection string.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
