using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Quality;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>Columns that a department fills where it has control columns (fact 05).</summary>
internal static class ControlColumns
{
    public const string Id = "cd_id";
    public const string Time = "cd_time";
    public const string Batch = "cd_batch";
    public const string Operation = "cd_operation";

    /// <summary>The latest tuple wins among rows of one key.</summary>
    public static IReadOnlyList<string> Order { get; } = [Batch, Time, Id];
}

/// <summary>All that is needed to read one resource's source: made anew for each run from the catalogue and the table as it is now.</summary>
internal sealed class SourcePlan : IAsyncDisposable
{
    readonly Lazy<IRowJudge> _judge;
    string? _fingerprint; // only who reads a source asks for it; made twice by two who ask at once, no harm

    SourcePlan(Resource resource, TableSource source, IFrontEndDatabase database, TableDescription table, Lazy<IRowJudge> judge)
    {
        _judge = judge;
        Resource = resource;
        Source = source;
        Database = database;
        Table = table;
    }

    public Resource Resource { get; }

    public TableSource Source { get; }

    public IFrontEndDatabase Database { get; }

    public TableDescription Table { get; }

    /// <summary>Reads the source; where rows have attachments, with references in the place of contents.</summary>
    public ISourceReader Reader => (ISourceReader?)Attachments ?? Paced;

    /// <summary>Reads the source as it is. All that is read of it comes through here, so that none is read faster than the connection allows.</summary>
    public required PacedSource Paced { get; init; }

    /// <summary>Null: no item is an attachment.</summary>
    public AttachmentSource? Attachments { get; init; }

    /// <summary>Items, then control and cursor columns that are no items (under their own names).</summary>
    public required SourceQuery Query { get; init; }

    /// <summary>As <see cref="Query"/> with all further columns of the table, for what is given back to the provider; null when there are none.</summary>
    public required SourceQuery? WholeRows { get; init; }

    /// <summary>Modes changelog and wal: what the hub puts into the provider's database belongs to it.</summary>
    public required CaptureTarget? Capture { get; init; }

    /// <summary>Judges rows by all rules; made when the first row comes, if nobody has made it before.</summary>
    public IRowJudge Judge => _judge.Value;

    /// <summary>Names in <see cref="Query"/> of the columns that a pass follows; empty where the mode has none.</summary>
    public required IReadOnlyList<string> Tracked { get; init; }

    /// <summary>Push-back's table; null: none (a query has no table to put it beside).</summary>
    public required ErrorTable? ErrorTable { get; init; }

    /// <summary>Digest of what decides how rows are read and judged; when it changes only a full brings the log up to it.</summary>
    public string Fingerprint => _fingerprint ??= FingerprintOf(Resource, Source.Mode == CaptureMode.ChangeLog ? Capture?.Owner : null);

    /// <summary>What the source's key is like: its columns, what kind of value each holds, and the table's own primary key. Another one means that the department has changed it.</summary>
    public string KeyShape => string.Join(", ", Resource.Key.Select(item => ColumnOf(Source, item)).Select(column => $"{column} {KindOf(Table.Find(column)!.Type)}")) + $"; primary key ({string.Join(", ", Table.PrimaryKey)})";

    /// <summary>Whether a key in item types is the very value that stands at the source, so that rows can be read back by it.</summary>
    public bool KeysAreNatural => Resource.Key.All(name =>
        Resource.FindItem(name) is { Normalize.Count: 0 } item && Table.Find(ColumnOf(Source, name)) is { } column
        && (column.Type.Kind == item.Type.Kind || (column.Type.IsText && item.Type.IsText) || (IsWhole(column.Type) && IsWhole(item.Type))));

    public bool FollowsWal => Source.Mode == CaptureMode.Wal;

    public bool FollowsControl => Source.Mode == CaptureMode.Control;

    /// <summary>Looks at the source and plans.</summary>
    /// <param name="resource">With a source.</param>
    /// <param name="catalogue">The registry now.</param>
    /// <param name="databases">The engines.</param>
    /// <param name="judge">Of the resource.</param>
    /// <param name="hub">See <see cref="HubId"/>.</param>
    /// <param name="attachments">Keeps contents; null: they are only compared.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="FrontEndException">Standing: table or column gone, and what to do; transient: not reachable now.</exception>
    public static async Task<SourcePlan> CreateAsync(Resource resource, CatalogueSnapshot catalogue, IFrontEndDatabases databases, Lazy<IRowJudge> judge, string hub, AttachmentIntake? attachments, CancellationToken cancel)
    {
        var source = resource.Source ?? throw new InvalidOperationException($"Resource '{resource.Name}' has no source.");
        var database = databases.Open(catalogue.Connections[source.Connection].ToFrontEnd());
        try
        {
            var table = source.Table is { } name
                ? await database.DescribeAsync(name, cancel) ?? throw Missing(resource, source, $"table {name} does not exist or may not be seen")
                : await database.DescribeQueryAsync(source.Query!, cancel);
            var columns = Columns(resource, source, table);
            var query = new SourceQuery
            {
                Table = source.Table,
                Query = source.Query,
                Columns = columns,
                Key = resource.Key,
                KeyIsUnique = source.Mode != CaptureMode.Control && IsUnique(table, [.. resource.Key.Select(item => ColumnOf(source, item))]),
                Latest = source.Mode == CaptureMode.Control ? ControlColumns.Order : resource.DeduplicateBy,
                LargestCell = resource.MaxCellBytes,
            };
            var paced = new PacedSource(database.Source);
            var contents = attachments is null ? AttachmentIntake.Comparing(paced, resource) : attachments.Storing(paced, resource);
            if (contents is not null && !query.KeyIsUnique) throw NotUnique(resource, source);
            var further = table.Columns.Where(column => columns.All(known => known.Column != column.Name)).Select(column => new SourceColumn(column.Name, column.Name)).ToList();
            var capture = source.Mode switch
            {
                CaptureMode.ChangeLog => CaptureOf(resource, source, catalogue),
                CaptureMode.Wal => WalOf(resource, source, hub),
                _ => null,
            };
            return new SourcePlan(resource, source, database, table, judge)
            {
                Paced = paced,
                Query = query,
                WholeRows = further.Count == 0 || further.Any(column => resource.FindItem(column.Item) is not null) ? null : query with { Columns = [.. columns.Select(column => resource.FindItem(column.Item) is { Type.IsAttachment: true } ? column with { Part = CellPart.Size } : column), .. further] },
                Attachments = contents,
                Capture = capture,
                Tracked = source.Mode switch
                {
                    CaptureMode.Cursor => [NameOf(columns, source.CursorColumn!)],
                    CaptureMode.Control => ControlColumns.Order,
                    _ => [],
                },
                ErrorTable = ErrorTableOf(source) is { } errors ? new ErrorTable(errors, [.. table.Columns.Select(column => column.Name)]) : null,
            };
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>The change log of a resource: the first resource of a table (by name) has the plain name, others carry their own.</summary>
    public static CaptureTarget CaptureOf(Resource resource, TableSource source, CatalogueSnapshot catalogue)
    {
        var first = catalogue.Resources.Values
            .Where(other => other.Source is { Mode: CaptureMode.ChangeLog } shared && shared.Connection == source.Connection && shared.Table == source.Table)
            .Select(other => other.Name).Order(StringComparer.Ordinal).First();
        return new CaptureTarget(source.Table!, [.. resource.Key.Select(item => ColumnOf(source, item))], first == resource.Name ? null : resource.Name);
    }

    /// <summary>The slot of a resource: slots are the whole server's, so the hub is part of the name.</summary>
    public static CaptureTarget WalOf(Resource resource, TableSource source, string hub) => new(source.Table!, [.. resource.Key.Select(item => ColumnOf(source, item))], $"{hub}_{resource.Name}");

    public static string ColumnOf(TableSource source, string item) => source.Columns.GetValueOrDefault(item, item);

    /// <summary>The named one, else TABLE_error beside the source; none for a query, which has no place of its own.</summary>
    static TableName? ErrorTableOf(TableSource source) => source.PushBack ? source.ErrorTable ?? (source.Table is { } table ? table with { Name = $"{table.Name}_error" } : null) : null;

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    /// <summary>Longer texts and wider numbers are no other kind of key.</summary>
    static string KindOf(ItemType type) => type.IsText ? "text" : IsWhole(type) ? "whole number" : type.Kind.ToString().ToLowerInvariant();

    static bool IsWhole(ItemType type) => type.Kind is ItemKind.Int32 or ItemKind.Int64;

    static List<SourceColumn> Columns(Resource resource, TableSource source, TableDescription table)
    {
        var columns = resource.Items.Select(item => new SourceColumn(item.Name, ColumnOf(source, item.Name))).ToList();
        var besides = source.Mode switch
        {
            CaptureMode.Cursor => [source.CursorColumn!],
            CaptureMode.Control => [.. ControlColumns.Order, ControlColumns.Operation],
            _ => Array.Empty<string>(),
        };
        foreach (var column in besides.Where(column => columns.All(known => known.Column != column))) columns.Add(new SourceColumn(column, column));
        var missing = columns.Select(column => column.Column).Concat(resource.RequiredColumns)
            .Where(column => table.Find(column) is null).Distinct().ToList();
        return missing.Count == 0 ? columns : throw Missing(resource, source, $"{source.Table?.ToString() ?? "the query"} has no column {string.Join(", ", missing.Select(column => $"'{column}'"))}");
    }

    static string NameOf(List<SourceColumn> columns, string column) => columns.First(known => known.Column == column).Item;

    static bool IsUnique(TableDescription table, List<string> key) =>
        table.UniqueKeys.Any(unique => unique.All(column => key.Contains(column) && table.Find(column) is { Nullable: false }));

    static FrontEndException NotUnique(Resource resource, TableSource source) => new(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider,
        $"Resource {resource.Name}, connection {source.Connection}: no unique index of {source.Table} on NOT NULL columns covers the key ({string.Join(", ", resource.Key)}), by which the contents of attachments are read.",
        "Give the table a primary key or unique index on it, or key the resource by the one it has.");

    static FrontEndException Missing(Resource resource, TableSource source, string what) => new(FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing, Party.Provider,
        $"Resource {resource.Name}, connection {source.Connection}: {what}.",
        "Put it back, or apply a manifest that says what the table is like now; the next run tries again.");

    /// <param name="resource">The resource.</param>
    /// <param name="owner">Whose the change log is: when resources that share a table come or go a resource may change logs, and what waits in the old one is never read.</param>
    internal static string FingerprintOf(Resource resource, string? owner)
    {
        var decides = resource with { Title = null, Class = null, ShareType = ShareType.None, BatchRows = 0, MaxErrors = null, MaxErrorPercent = null, ReorganiseByItself = [], Source = resource.Source is { } source ? source with { MaxSlotLag = null } : null, Items = [.. resource.Items.Select(item => item with { Title = null })] };
        var text = JsonSerializer.SerializeToNode(decides)!.AsObject();
        text.Remove(nameof(Resource.BatchBytes));
        Forget(text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToJsonString() + owner)));
    }

    /// <summary>
    /// What came into manifests after the first version, and is not used: it must not change the digest, else a newer program would read every source anew, and an older one beside it once more.
    /// </summary>
    static readonly HashSet<string> Later = ["BusinessKey", "ReorganiseByItself", "MaxSlotLag", "MaxAttachmentBytes"];

    static void Forget(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var element in list) Forget(element);
            return;
        }

        if (node is not JsonObject record) return;
        foreach (var (name, value) in record.ToList())
        {
            if (Later.Contains(name) && value is null or JsonArray { Count: 0 }) record.Remove(name);
            else Forget(value);
        }
    }
}
