using Exchange.Bus.Catalogue.Documents;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Catalogue.Checks;

/// <summary>What looking at the databases gave.</summary>
/// <param name="Findings">What does not fit: apply is refused.</param>
/// <param name="Notes">What could not be looked at and why: apply goes on.</param>
internal sealed record FrontEndLooks(IReadOnlyList<ManifestFinding> Findings, IReadOnlyDictionary<(ManifestKind, string), string> Notes);

/// <summary>
/// Looks at the front-end databases of an apply: connections answer, source tables have every column that is asked of them. All at the same time, each within
/// <see cref="TimeLimit"/>. Changes nothing there. Safe for concurrent callers.
/// </summary>
/// <param name="databases">Null: the adapters do not run in this process, nothing is looked at.</param>
/// <param name="time">For the limit.</param>
internal sealed class FrontEndLook(IFrontEndDatabases? databases, TimeProvider time)
{
    /// <summary>Longest wait for one database.</summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(10);

    /// <summary>Columns of capture mode control (fact 05).</summary>
    static readonly string[] ControlColumns = ["cd_batch", "cd_time", "cd_id", "cd_operation"];

    sealed record Look(ManifestKind Kind, string Name, string? Note, IReadOnlyList<ManifestFinding> Findings);

    public async Task<FrontEndLooks> LookAsync(CatalogueSnapshot catalogue, IReadOnlyCollection<(ManifestKind Kind, string Name)> given, CancellationToken cancel)
    {
        var connections = given.Where(entry => entry.Kind == ManifestKind.Connection).Select(entry => catalogue.Connections.GetValueOrDefault(entry.Name)).OfType<Connection>()
            .Select(connection => WithinLimitAsync(ManifestKind.Connection, connection.Name, (database, limit) => CheckAsync(connection, database, limit), connection, cancel));
        var resources = given.Where(entry => entry.Kind == ManifestKind.Resource).Select(entry => catalogue.Resources.GetValueOrDefault(entry.Name)).OfType<Resource>().Where(resource => resource.Source is not null)
            .Select(resource => WithinLimitAsync(ManifestKind.Resource, resource.Name, (database, limit) => LookAtAsync(resource, resource.Source!, database, limit), catalogue.Connections[resource.Source!.Connection], cancel));
        var looks = await Task.WhenAll(connections.Concat(resources));
        return new FrontEndLooks([.. looks.SelectMany(look => look.Findings)], looks.Where(look => look.Note is not null).ToDictionary(look => (look.Kind, look.Name), look => look.Note!));
    }

    async Task<Look> WithinLimitAsync(ManifestKind kind, string name, Func<IFrontEndDatabase, CancellationToken, Task<Look>> look, Connection connection, CancellationToken cancel)
    {
        Look NotChecked(string reason) => new(kind, name, $"not checked: {reason}", []);
        if (databases is null) return NotChecked("the adapters do not run in this process");
        using var limit = new CancellationTokenSource(TimeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            await using var database = databases.Open(connection.ToFrontEnd());
            // Drivers do not always heed a cancellation while they connect.
            return await look(database, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return NotChecked($"no answer within {TimeLimit.TotalSeconds:0} s");
        }
        catch (ExchangeException exception)
        {
            return NotChecked(exception.Message);
        }
    }

    static async Task<Look> CheckAsync(Connection connection, IFrontEndDatabase database, CancellationToken cancel)
    {
        var failed = (await database.CheckAsync(null, cancel)).FirstOrDefault(step => !step.Ok);
        return new Look(ManifestKind.Connection, connection.Name, failed is null ? null : $"not checked: {failed.Name}: {failed.Detail}", []);
    }

    static async Task<Look> LookAtAsync(Resource resource, TableSource source, IFrontEndDatabase database, CancellationToken cancel)
    {
        Look Found(string? note, params IReadOnlyList<ManifestFinding> findings) => new(ManifestKind.Resource, resource.Name, note, findings);
        if ((await database.CheckAsync(null, cancel)).FirstOrDefault(step => !step.Ok) is { } failed) return Found($"not checked: {failed.Name}: {failed.Detail}");
        var table = source.Table is { } name ? await database.DescribeAsync(name, cancel) : await database.DescribeQueryAsync(source.Query!, cancel);
        if (table is null)
            return Found(null, new ManifestFinding(ManifestKind.Resource, resource.Name, "source.table", $"the connection '{source.Connection}' has no table {source.Table} (or its login may not see it)"));

        var findings = Lacking(resource, source, table).ToList();
        if (findings.Count > 0) return Found(null, findings);
        if ((await database.CheckAsync(Sample(resource, source, table), cancel)).FirstOrDefault(step => !step.Ok) is { } unread)
            return Found($"not readable yet: {unread.Name}: {unread.Detail}");
        if (source.Mode == CaptureMode.Wal && database.Wal is { } wal && await wal.ObstacleAsync(new CaptureTarget(source.Table!, [.. resource.Key.Select(item => ColumnOf(source, item))], null), cancel) is { } obstacle)
            return Found($"its log can't be followed yet: {obstacle}");
        return Found(IsKeyUnique(resource, source, table) || source.Query is not null ? null
            : $"no unique index of {source.Table} covers the key ({string.Join(", ", resource.Key)}): reads are slower, and {Sharing(resource, source)}");
    }

    /// <summary>What becomes of rows that share a key.</summary>
    static string Sharing(Resource resource, TableSource source) => (source.Mode, resource.DeduplicateBy.Count) switch
    {
        (CaptureMode.Control, _) => "of rows that share a key the latest (cd_batch, cd_time, cd_id) counts; equally late ones become error rows",
        (_, > 0) => "of rows that share a key the one that deduplicate.latest finds counts; equally late ones become error rows",
        _ => "rows that share a key become error rows unless deduplicate.latest says which counts",
    };

    static IEnumerable<ManifestFinding> Lacking(Resource resource, TableSource source, TableDescription table)
    {
        var place = source.Table is null ? "source.query" : "source.table";
        var asked = resource.Items.Select(item => (Column: ColumnOf(source, item.Name), Why: $"item '{item.Name}'"))
            .Concat(resource.RequiredColumns.Select(column => (Column: column, Why: "requiredColumns")))
            .Concat(source.CursorColumn is { } cursor ? [(Column: cursor, Why: "capture.column")] : [])
            .Concat(source.Mode == CaptureMode.Control ? ControlColumns.Select(column => (Column: column, Why: "capture mode control")) : []);
        var known = table.Columns.Select(column => column.Name).ToList();
        return asked.Where(column => table.Find(column.Column) is null).DistinctBy(column => column.Column).Select(column => new ManifestFinding(ManifestKind.Resource, resource.Name, place,
            $"{source.Table?.ToString() ?? "the query"} on '{source.Connection}' lacks the column '{column.Column}' ({column.Why}){(NearestName.Of(column.Column, known) is { } near ? $"; did you mean '{near}'?" : "")}"));
    }

    static SourceQuery Sample(Resource resource, TableSource source, TableDescription table) => new()
    {
        Table = source.Table,
        Query = source.Query,
        Columns = [.. resource.Items.Select(item => new SourceColumn(item.Name, ColumnOf(source, item.Name)))],
        Key = resource.Key,
        KeyIsUnique = IsKeyUnique(resource, source, table),
        LargestCell = resource.MaxCellBytes,
    };

    static bool IsKeyUnique(Resource resource, TableSource source, TableDescription table)
    {
        var key = resource.Key.Select(item => ColumnOf(source, item)).ToHashSet(StringComparer.Ordinal);
        return table.UniqueKeys.Append(table.PrimaryKey).Any(unique => unique.Count > 0 && key.IsSupersetOf(unique));
    }

    static string ColumnOf(TableSource source, string item) => source.Columns.GetValueOrDefault(item, item);
}
