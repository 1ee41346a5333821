using System.Globalization;
using System.Text;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Writes error tables on any engine. Safe for concurrent callers.</summary>
internal sealed class ErrorTableWriter(TargetEngine engine, FrontEndConnection connection) : IErrorTable
{
    const int ParametersOfStatement = 2_000;

    static readonly ItemType Text = new(ItemKind.Text);
    static readonly ItemType Number = new(ItemKind.Int64);

    static readonly TargetColumn[] Own =
    [
        new("err_id", ItemType.String(200), true, "The error's own number"),
        new("err_batch", Number, true, "Batch of the exchange log in which the row was refused"),
        new("err_rule", Text, true, "The broken rule"),
        new("err_item", Text, false, "The item that breaks it; empty: the whole row"),
        new("err_value", Text, false, "What stood there"),
        new("err_message", Text, true, "What is wrong"),
        new("err_time", new ItemType(ItemKind.Timestamp), true, "When it was found (UTC)"),
        new("err_closed_batch", Number, false, "Batch that brought the row corrected or deleted; empty while the error is open"),
    ];

    public Task EnsureAsync(ErrorTable table, CancellationToken cancel) => RunAsync(table, "preparing", async session =>
    {
        if (table.SourceColumns.FirstOrDefault(column => Own.Any(own => engine.Names.Equals(own.Name, column))) is { } taken)
            throw Unfit($"Column '{taken}' of the source has the name of one of the error table's own columns, so that it can't be given back in {table.Table}.", "Leave the column out of the resource's source, or name it otherwise in a view.");
        var shape = Shape(table);
        var problems = await new TablePreparation(engine, connection).PrepareAsync(session, [(shape, true)], cancel);
        if (problems.Count > 0)
            throw Unfit($"{table.Table} in {connection.Name} is no error table of the hub: {string.Join(' ', problems)}", "Name another table under source.errors.table, or let the hub make this one anew.");
    }, cancel);

    public Task WriteAsync(ErrorTable table, IReadOnlyList<ErrorRow> rows, CancellationToken cancel) => rows.Count == 0 ? Task.CompletedTask : InTransactionAsync(table, "writing", async session =>
    {
        string[] columns = [.. table.SourceColumns, .. Own.Where(column => column.Name != "err_closed_batch").Select(column => column.Name)];
        var size = Math.Max(1, ParametersOfStatement / columns.Length);
        foreach (var chunk in rows.DistinctBy(row => row.Id, StringComparer.Ordinal).Chunk(size))
        {
            await using var command = session.Command("");
            var sql = new StringBuilder();
            for (var at = 0; at < chunk.Length; at++)
                sql.Append(at == 0 ? "(" : ", (").AppendJoin(", ", Values(chunk[at]).Select(value => Parameter(command, value))).Append(')');
            command.CommandText = engine.InsertNew(engine.Dialect.Quote(table.Table), string.Join(", ", columns.Select(engine.Dialect.Quote)), sql.ToString(), ["err_id"]);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }, cancel);

    public Task CloseAsync(ErrorTable table, IReadOnlyList<(string Id, long Batch)> closed, CancellationToken cancel) => closed.Count == 0 ? Task.CompletedTask : InTransactionAsync(table, "closing errors in", async session =>
    {
        var batch = engine.Dialect.Quote("err_closed_batch");
        foreach (var group in closed.GroupBy(entry => entry.Batch, entry => entry.Id))
            foreach (var chunk in group.Chunk(ParametersOfStatement))
            {
                await using var command = session.Command("");
                var number = Parameter(command, group.Key);
                var ids = string.Join(", ", chunk.Select(id => Parameter(command, id)));
                command.CommandText = $"UPDATE {engine.Dialect.Quote(table.Table)} SET {batch} = {number} WHERE {engine.Dialect.Quote("err_id")} IN ({ids}) AND {batch} IS NULL";
                await command.ExecuteNonQueryAsync(cancel);
            }
    }, cancel);

    static TargetTable Shape(ErrorTable table) => new()
    {
        Subscription = "",
        Table = table.Table,
        Columns = [.. table.SourceColumns.Select(column => new TargetColumn(column, Text, false, null)), .. Own],
        Key = ["err_id"],
        Title = "Rows that the exchange hub refused, and why",
    };

    IEnumerable<object?> Values(ErrorRow row)
    {
        foreach (var value in row.Values) yield return Storable(value);
        yield return row.Id;
        yield return row.Batch;
        yield return Storable(row.Rule);
        yield return Storable(row.Item);
        yield return Storable(row.Value);
        yield return Storable(row.Message);
        yield return engine.Instant(Temporal.Microseconds(row.Time), zone: null);
    }

    /// <summary>What made a row an error may be what no text column takes: such characters are shown as the replacement character.</summary>
    static string? Storable(string? text)
    {
        if (text is null) return null;
        var shown = text.Replace('\0', '\uFFFD');
        return shown.Any(char.IsSurrogate) ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)) : shown;
    }

    static string Parameter(System.Data.Common.DbCommand command, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
        parameter.Value = value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return parameter.ParameterName;
    }

    Task InTransactionAsync(ErrorTable table, string doing, Func<System.Data.Common.DbConnection, Task> work, CancellationToken cancel) => RunAsync(table, doing, async session =>
    {
        await engine.BeginAsync(session, cancel);
        try
        {
            await work(session);
            await session.RunAsync("COMMIT", cancel);
        }
        catch
        {
            await session.TryAsync("ROLLBACK");
            throw;
        }
    }, cancel);

    async Task RunAsync(ErrorTable table, string doing, Func<System.Data.Common.DbConnection, Task> work, CancellationToken cancel)
    {
        await using var session = await engine.OpenAsync(connection, cancel);
        try
        {
            await work(session);
        }
        catch (Exception exception) when (exception is not FrontEndException && !(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw engine.Dialect.Classify(exception, connection, $"{doing} {connection.Name}.{table.Table}");
        }
    }

    static FrontEndException Unfit(string message, string next) => new(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, message, next);
}
