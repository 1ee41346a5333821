using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Catalogue;

/// <summary>The kinds of manifest, as they are typed.</summary>
internal enum ManifestKind { Department, Connection, CodeSet, CodeMap, Resource, Subscription }

internal sealed record Department
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    /// <summary>Unified social credit code (GB 32100), checked.</summary>
    public required string Uscc { get; init; }
    public string? Region { get; init; }
}

/// <summary>A front-end database of a department. The connection string is secret: <see cref="ToString"/> does not show it.</summary>
internal sealed record Connection
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    public required string Department { get; init; }
    public required string Provider { get; init; }
    /// <summary>Resolved and in clear; lives only in memory.</summary>
    public required string ConnectionString { get; init; }
    public string TimeZone { get; init; } = "UTC";
    /// <summary>Null: none.</summary>
    public ConnectionLimits? Limits { get; init; }

    public FrontEndConnection ToFrontEnd() => new() { Name = Name, Provider = Provider, ConnectionString = ConnectionString, TimeZone = TimeZone };

    public override string ToString() => $"{Name} ({Provider})";
}

/// <summary>How much of a front-end database the hub may use, all nodes together.</summary>
/// <param name="Concurrency">Readings and deliveries at once; null: one where a rate is set, since a rate is shared out among them.</param>
/// <param name="RowsPerSecond">Rows read or written; null: as fast as it goes.</param>
/// <param name="BytesPerSecond">The same in bytes.</param>
internal sealed record ConnectionLimits(int? Concurrency, long? RowsPerSecond, long? BytesPerSecond)
{
    public int Turns => Concurrency ?? 1;
}

internal sealed record CodeSet
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    /// <summary>Code → meaning.</summary>
    public required IReadOnlyDictionary<string, string> Codes { get; init; }
}

/// <summary>Translates codes. A code that is not in it is an error row, never a default.</summary>
internal sealed record CodeMap
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    /// <summary>CodeSet of the codes that come in, when it is known.</summary>
    public string? From { get; init; }
    /// <summary>CodeSet of the codes that go out, when it is known.</summary>
    public string? To { get; init; }
    public required IReadOnlyDictionary<string, string> Map { get; init; }
}

internal enum ShareType { Unconditional, Conditional, None }

/// <summary>Frequency class of DB23/T 2835 §7.2.2 a–e: the longest allowed gap.</summary>
internal enum FrequencyClass { A, B, C, D, E }

/// <summary>A catalogue entry: items, key, rules, source.</summary>
internal sealed record Resource
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    public required string Provider { get; init; }
    public FrequencyClass? Class { get; init; }
    public ShareType ShareType { get; init; } = ShareType.Conditional;
    public required IReadOnlyList<string> Key { get; init; }
    public required IReadOnlyList<Item> Items { get; init; }
    public IReadOnlyList<RowRule> Rules { get; init; } = [];
    /// <summary>Columns of the source that must exist beside the items (fact 05).</summary>
    public IReadOnlyList<string> RequiredColumns { get; init; } = [];
    /// <summary>De-duplication: items whose greatest tuple wins among rows of one key; empty: rows that share a key are error rows.</summary>
    public IReadOnlyList<string> DeduplicateBy { get; init; } = [];
    /// <summary>Items by which people tell rows apart whatever key the department's software gives them; empty: not named. No two rows hold the same values.</summary>
    public IReadOnlyList<string> BusinessKey { get; init; } = [];
    /// <summary>Reasons for which the hub re-organises the full by itself; for others it waits for a notice.</summary>
    public IReadOnlyList<ReorganisationReason> ReorganiseByItself { get; init; } = [ReorganisationReason.IncrementBroken];
    public int BatchRows { get; init; } = 20_000;
    /// <summary>A batch is cut where its rows reach so many bytes.</summary>
    public long BatchBytes { get; init; } = 16L * 1024 * 1024;
    public int MaxCellBytes { get; init; } = 16 * 1024 * 1024;
    /// <summary>A run with more rejected rows stops before it delivers.</summary>
    public long? MaxErrors { get; init; }
    /// <summary>As <see cref="MaxErrors"/>, in percent of the rows read (0–100).</summary>
    public decimal? MaxErrorPercent { get; init; }
    /// <summary>Null: fed by push or import.</summary>
    public TableSource? Source { get; init; }

    /// <summary>Counts from 1 and grows whenever an apply changes key or items by more than nullable additions: what was exchanged under another generation does
    /// not fit, and the exchange holds with that reason.</summary>
    public int Generation { get; init; } = 1;

    public Item? FindItem(string name) => Items.FirstOrDefault(item => string.Equals(item.Name, name, StringComparison.Ordinal));
}

internal sealed record Item
{
    public const long DefaultAttachmentBytes = 1L << 30;

    public required string Name { get; init; }
    public string? Title { get; init; }
    public required ItemType Type { get; init; }
    public bool Required { get; init; }
    /// <summary>Name of a CodeSet.</summary>
    public string? CodeSet { get; init; }
    public IReadOnlyList<ItemRule> Rules { get; init; } = [];
    /// <summary>In order: trim, halfwidth, fullwidth, upper, lower, or a date format such as yyyyMMdd that texts are read by.</summary>
    public IReadOnlyList<string> Normalize { get; init; } = [];
    /// <summary>Of an attachment: most bytes of its contents; null: <see cref="DefaultAttachmentBytes"/>.</summary>
    public long? MaxAttachmentBytes { get; init; }
}

/// <summary>A built-in rule of one item, as written: <c>uscc</c>, <c>citizen-id</c>, <c>min 0</c>, <c>max 9.5</c>, <c>pattern ^[A-Z]+$</c>, <c>length 4..8</c>, <c>unique</c>.</summary>
/// <param name="Name">The rule's name.</param>
/// <param name="Argument">What follows the name, or null.</param>
internal sealed record ItemRule(string Name, string? Argument);

/// <summary>A rule of the whole row: an expression or a reference, one of the two.</summary>
internal sealed record RowRule
{
    public required string Name { get; init; }
    public string? Expression { get; init; }
    public Reference? Reference { get; init; }
    public string? Message { get; init; }
}

/// <summary>The row's items must stand in another resource. A row with NULL in any of them passes, as a foreign key does.</summary>
/// <param name="Resource">The other resource.</param>
/// <param name="Items">Item here → item there.</param>
internal sealed record Reference(string Resource, IReadOnlyDictionary<string, string> Items);

internal enum CaptureMode { Snapshot, Cursor, ChangeLog, Control, Wal }

internal sealed record TableSource
{
    public const long DefaultSlotLag = 4L << 30;

    public required string Connection { get; init; }
    public TableName? Table { get; init; }
    public string? Query { get; init; }
    /// <summary>Item → column, where names differ.</summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();
    public CaptureMode Mode { get; init; } = CaptureMode.Snapshot;
    /// <summary>Mode cursor: the rising column.</summary>
    public string? CursorColumn { get; init; }
    public TimeSpan MaxLateness { get; init; } = TimeSpan.FromMinutes(10);
    /// <summary>Mode wal: bytes of log that the slot may make the server keep before it is given up; null: <see cref="DefaultSlotLag"/>.</summary>
    public long? MaxSlotLag { get; init; }
    /// <summary>Push-back's table; null: TABLE_error beside the source (no push-back for a query).</summary>
    public TableName? ErrorTable { get; init; }
    /// <summary>False (`errors: none`): nothing is written into the provider's database.</summary>
    public bool PushBack { get; init; } = true;
}

/// <summary>A cursor on a resource's log, and the way from there to a target.</summary>
internal sealed record Subscription
{
    public required string Name { get; init; }
    public string? Title { get; init; }
    public required string Resource { get; init; }
    /// <summary>Department that receives.</summary>
    public required string Subscriber { get; init; }
    public string? Filter { get; init; }
    public required TableTarget Target { get; init; }
    /// <summary>Target column → where its value comes from; null: all items under their own names.</summary>
    public IReadOnlyList<MappedColumn>? Map { get; init; }
    public Schedule? Schedule { get; init; }
}

internal sealed record TableTarget
{
    public required string Connection { get; init; }
    public required TableName Table { get; init; }
    public bool Create { get; init; } = true;
    public DeletePolicy Deletes { get; init; } = DeletePolicy.Apply;
}

/// <summary>Exactly one of <see cref="From"/>, <see cref="Expression"/> and <see cref="Constant"/> is set.</summary>
internal sealed record MappedColumn
{
    public required string Column { get; init; }
    /// <summary>An item.</summary>
    public string? From { get; init; }
    /// <summary>A CodeMap that translates it.</summary>
    public string? CodeMap { get; init; }
    /// <summary>A computed value.</summary>
    public string? Expression { get; init; }
    /// <summary>A fixed text.</summary>
    public string? Constant { get; init; }
    /// <summary>Type at the target; null: the item's or the expression's own.</summary>
    public ItemType? Type { get; init; }
    /// <summary>Format that a date or timestamp is written in as text, e.g. yyyy/MM/dd.</summary>
    public string? Format { get; init; }
}

/// <summary>Quartz cron expressions for reading the source; null: only by hand.</summary>
/// <param name="Incremental">When what changed is read.</param>
/// <param name="Full">When everything is read.</param>
/// <param name="TimeZone">IANA zone of the expressions; null: the hub's.</param>
internal sealed record Schedule(string? Incremental, string? Full, string? TimeZone)
{
    public MisfirePolicy Misfire { get; init; } = MisfirePolicy.Once;
}

/// <summary>What becomes of fires that passed while no hub ran.</summary>
internal enum MisfirePolicy
{
    /// <summary>Made up for once, however many passed; a full only where its next fire is far enough away.</summary>
    Once,
    /// <summary>An increment is made up for once; a full waits for its next fire.</summary>
    Incremental,
    /// <summary>Nothing is made up for.</summary>
    Skip,
}
