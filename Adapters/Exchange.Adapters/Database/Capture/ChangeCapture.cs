using System.Data.Common;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Capture;

/// <summary>
/// What the engines share of triggers and change log. The log holds exchange_id (rising, never used twice), exchange_op (i, u, d, or t for TRUNCATE), exchange_time and the key's
/// columns in the source's own types. Entries appear with the writer's commit and go by id, so the order of commits does not matter.
/// </summary>
internal abstract class ChangeCapture(FrontEndConnection connection, SqlDialect dialect, Func<CancellationToken, Task<ReadSession>> open) : IChangeCapture
{
    protected internal const string Id = "exchange_id", Operation = "exchange_op", Time = "exchange_time", Truncate = "t";

    /// <summary>Of the change log, beside the key's.</summary>
    static readonly string[] OwnColumns = [Id, Operation, Time];

    protected FrontEndConnection Connection => connection;

    protected SqlDialect Dialect => dialect;

    public async Task<CaptureStatus> StatusAsync(CaptureTarget target, CancellationToken cancel) =>
        await GuardedAsync(target, "looking at the triggers of", async () =>
        {
            await using var session = await OpenAsync(cancel);
            var objects = await ObjectsAsync(session, target, cancel);
            var standing = objects.Where(part => part.Stands).Select(part => part.Name).ToList();
            var wrong = objects.Where(part => !part.Right).Select(part => part.Stands ? part.Name + " (differs or is disabled)" : part.Name).ToList();
            var state = standing.Count == 0 ? CaptureState.None : wrong.Count == 0 ? CaptureState.Installed : CaptureState.Damaged;
            var detail = $"standing: {(standing.Count == 0 ? "nothing" : string.Join(", ", standing))}; missing or wrong: {(wrong.Count == 0 ? "nothing" : string.Join(", ", wrong))}";
            var waiting = objects.Any(part => part is { IsLog: true, Stands: true }) ? await CountAsync(session, target, cancel) : (long?)null;
            return new CaptureStatus(state, detail, waiting);
        });

    public async Task InstallAsync(CaptureTarget target, CancellationToken cancel) =>
        await GuardedAsync(target, "installing triggers on", async () =>
        {
            await using var session = await OpenAsync(cancel);
            await InstallAsync(session, target, cancel);
            return true;
        });

    public async Task RemoveAsync(CaptureTarget target, CancellationToken cancel) =>
        await GuardedAsync(target, "removing triggers from", async () =>
        {
            await using var session = await OpenAsync(cancel);
            await RemoveAsync(session, target, cancel);
            return true;
        });

    public async Task<ChangePage> ReadAsync(CaptureTarget target, int rows, CancellationToken cancel) =>
        await GuardedAsync(target, "reading the change log of", async () =>
        {
            await using var session = await open(cancel);
            List<SourceColumn> columns = [new(Operation, Operation), .. target.KeyColumns.Select(column => new SourceColumn(column, column))];
            var from = dialect.Quote(Log(target)) + " s" + session.PassLocked;
            var shapes = await session.ShapesAsync(from, columns, cancel);
            var id = (await session.ShapesAsync(from, [new SourceColumn(Id, Id)], cancel))[0];
            var log = new LogRows(shapes.Skip(1).Select(shape => (shape.Item, shape.Type)), rows);
            // The id is a value too: its order text is each engine's own form.
            var page = new PageBuilder([id, .. shapes], 0, new SourceQuery { Columns = columns, Key = [], KeyIsUnique = true, LargestCell = int.MaxValue }, rows, long.MaxValue, new LocalTime(connection));
            await session.ReadAsync(string.Create(CultureInfo.InvariantCulture,
                $"SELECT {session.Value(id)}, {string.Join(", ", shapes.Select(session.Value))} FROM {from} ORDER BY {session.Order(id, codePoint: false)} {dialect.Limit(rows)}"), [], page, cancel);
            return log.Take(page.Rows);
        });

    public async Task AcknowledgeAsync(CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel)
    {
        if (ids.Count == 0) return;
        await GuardedAsync(target, "emptying the change log of", async () =>
        {
            await using var session = await OpenAsync(cancel);
            await DeleteAsync(session, target, ids, cancel);
            return true;
        });
    }

    public async Task<bool> AnyAsync(CaptureTarget target, CancellationToken cancel) => await GuardedAsync(target, "looking at the change log of", async () =>
    {
        await using var session = await OpenAsync(cancel);
        return Convert.ToInt64((await QueryAsync(session, $"SELECT {AnyWaits(target)}", cancel))[0][0], CultureInfo.InvariantCulture) != 0;
    });

    public IChangeWatch Watch(IReadOnlyList<CaptureTarget> targets) => MakeWatch([.. targets.Select(target => new WatchedLog(target, Log(target), AnyWaits(target)))]);

    protected virtual ChangeWatch MakeWatch(IReadOnlyList<WatchedLog> logs) => new(connection, dialect, logs, OpenAsync);

    /// <summary>An expression: 1 while entries wait. By the ids' index, which passes over what was removed.</summary>
    protected virtual string AnyWaits(CaptureTarget target) => $"CASE WHEN EXISTS (SELECT 1 FROM {dialect.Quote(Log(target))}{PassLocked}) THEN 1 ELSE 0 END";

    /// <summary>A thing of the hub's in the department's database.</summary>
    /// <param name="Name">For messages.</param>
    /// <param name="Stands">Whether it is there.</param>
    /// <param name="Right">Whether it is as the hub makes it, and in force.</param>
    /// <param name="IsLog">The change log itself.</param>
    /// <param name="Elsewhere">It stands on another table: this one's place was taken by a table that was renamed.</param>
    protected sealed record Part(string Name, bool Stands, bool Right, bool IsLog = false, bool Elsewhere = false);

    /// <summary>As <see cref="ReadSession.PassLocked"/>, for a session that is not one of reading.</summary>
    protected virtual string PassLocked => "";

    protected TableName Log(CaptureTarget target) => new(target.Table.Schema, Named("exchange_changelog", target));

    protected string Named(string prefix, CaptureTarget target) => dialect.GeneratedName($"{prefix}_{target.Table.Name}{(target.Owner is null ? "" : "_" + target.Owner)}");

    protected string KeyList(CaptureTarget target, string prefix = "") => string.Join(", ", target.KeyColumns.Select(column => prefix + dialect.Quote(column)));

    protected abstract Task<DbConnection> OpenAsync(CancellationToken cancel);

    protected abstract Task<IReadOnlyList<Part>> ObjectsAsync(DbConnection session, CaptureTarget target, CancellationToken cancel);

    protected abstract Task InstallAsync(DbConnection session, CaptureTarget target, CancellationToken cancel);

    protected abstract Task RemoveAsync(DbConnection session, CaptureTarget target, CancellationToken cancel);

    protected abstract Task DeleteAsync(DbConnection session, CaptureTarget target, IReadOnlyList<long> ids, CancellationToken cancel);

    /// <summary>The table, with the key's columns found.</summary>
    protected async Task<(TableDescription Table, IReadOnlyList<TableColumn> Key)> TableAsync(DbConnection session, CaptureTarget target, CancellationToken cancel)
    {
        var table = await dialect.DescribeAsync(session, connection, target.Table, cancel) ?? throw FaultMessage.Missing(connection, "installing triggers", $"there is no table {target.Table}", inner: null);
        if (target.KeyColumns.FirstOrDefault(column => OwnColumns.Contains(column, StringComparer.OrdinalIgnoreCase)) is { } taken)
            throw FaultMessage.Standing(connection, "installing triggers", $"{target.Table} has a key column {taken}, a name that the change log needs for itself; use capture mode cursor, wal or snapshot", inner: null);
        if (table.IsView) throw FaultMessage.Standing(connection, "installing triggers", $"{target.Table} is a view, which takes no triggers; name its table, or use capture mode cursor or snapshot", inner: null);
        return (table, [.. target.KeyColumns.Select(column => table.Find(column) ?? throw FaultMessage.Missing(connection, "installing triggers", $"{target.Table} has no column {column}", inner: null))]);
    }

    protected static async Task RunAsync(DbConnection session, string sql, CancellationToken cancel, DbTransaction? transaction = null)
    {
        await using var command = session.CreateCommand();
        command.CommandText = sql;
        if (transaction is not null) command.Transaction = transaction;
        await command.ExecuteNonQueryAsync(cancel);
    }

    protected static async Task<List<object?[]>> QueryAsync(DbConnection session, string sql, CancellationToken cancel, params (string Name, object? Value)[] parameters)
    {
        await using var command = session.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            if (value is null) parameter.DbType = System.Data.DbType.String;
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(cancel)) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(at => reader.IsDBNull(at) ? null : reader.GetValue(at))]);
        return rows;
    }

    async Task<long> CountAsync(DbConnection session, CaptureTarget target, CancellationToken cancel) =>
        Convert.ToInt64((await QueryAsync(session, $"SELECT count(*) FROM {dialect.Quote(Log(target))}{PassLocked}", cancel))[0][0], CultureInfo.InvariantCulture);

    async Task<T> GuardedAsync<T>(CaptureTarget target, string doing, Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not FrontEndException)
        {
            throw dialect.Classify(exception, connection, $"{doing} {target.Table}");
        }
    }

    /// <summary>Parts a page of the log into ids and keys.</summary>
    sealed class LogRows(IEnumerable<(string, ItemType)> key, int rows)
    {
        readonly RowBatch _keys = RowBatch.Empty(key, Math.Clamp(rows, 16, 20_000));

        public ChangePage Take(RowBatch log)
        {
            const int FirstKey = 2;
            var ids = new List<long>(log.Count);
            var truncated = false;
            for (var row = 0; row < log.Count; row++)
            {
                ids.Add(((LongColumn)log.Columns[0])[row]);
                if (((BytesColumn)log.Columns[1])[row].SequenceEqual(Encoding.UTF8.GetBytes(Truncate))) truncated = true;
                else if (Enumerable.Range(FirstKey, _keys.Columns.Count).All(at => !log.Columns[at].IsNull(row)))
                {
                    for (var at = 0; at < _keys.Columns.Count; at++) _keys.Columns[at].AppendFrom(log.Columns[at + FirstKey], row);
                    _keys.EndRow();
                }
            }

            return new ChangePage(ids, _keys, truncated);
        }
    }
}
