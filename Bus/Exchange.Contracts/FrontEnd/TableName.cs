using Exchange.Contracts.Rows;

namespace Exchange.Contracts.FrontEnd;

/// <summary>A table or view: one identifier, never split at dots, with its schema apart (null: the connection's own).</summary>
public sealed record TableName(string? Schema, string Name)
{
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}

/// <summary>How the hub reaches a department's database. <see cref="ToString"/> never shows the connection string.</summary>
public sealed record FrontEndConnection
{
    /// <summary>The Connection's manifest name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>postgresql, mysql, sqlserver, sqlite.</summary>
    public required string Provider { get; init; }

    /// <summary>The driver's connection string, or a URL of the engine. Secret.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>IANA zone of date-times that carry none.</summary>
    public string TimeZone { get; init; } = "UTC";

    public override string ToString() => $"{Name} ({Provider})";
}

/// <summary>A column of a table as the engine describes it and as the hub reads it.</summary>
/// <param name="Name">The column's name.</param>
/// <param name="NativeType">The engine's spelling, for messages and generated DDL.</param>
/// <param name="Type">How the hub reads it: the natural item type, e.g. varchar(20) → string(20), timestamptz → timestamp.
/// Types without a natural kind (uuid, json, enum, inet, interval, numeric wider than 28 digits …) read as text.</param>
/// <param name="Nullable">Whether NULL is allowed.</param>
/// <param name="Required">Whether an insert that leaves the column out fails: not null, no default, not generated.</param>
/// <param name="CaseInsensitive">Whether the column's collation takes different code points for equal (case, accents, trailing blanks).</param>
public sealed record TableColumn(string Name, string NativeType, ItemType Type, bool Nullable, bool Required, bool CaseInsensitive);

/// <summary>A table as found.</summary>
public sealed record TableDescription
{
    public required TableName Table { get; init; }

    public required IReadOnlyList<TableColumn> Columns { get; init; }

    /// <summary>Empty when there is none.</summary>
    public IReadOnlyList<string> PrimaryKey { get; init; } = [];

    /// <summary>Columns of every full (not partial, not expression) unique index, the primary key included.</summary>
    public IReadOnlyList<IReadOnlyList<string>> UniqueKeys { get; init; } = [];

    public bool IsView { get; init; }

    /// <summary>False for engines without transactions (MyISAM, Aria): no target.</summary>
    public bool Transactional { get; init; } = true;

    public TableColumn? Find(string column) => Columns.FirstOrDefault(candidate => string.Equals(candidate.Name, column, StringComparison.Ordinal));
}
