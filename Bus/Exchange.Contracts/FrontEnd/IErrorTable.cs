namespace Exchange.Contracts.FrontEnd;

/// <summary>The error table that push-back keeps in a provider's database.</summary>
/// <param name="Table">The error table.</param>
/// <param name="SourceColumns">The source table's columns that are given back, as text, in order.</param>
public sealed record ErrorTable(TableName Table, IReadOnlyList<string> SourceColumns);

/// <summary>One broken rule of one quarantined row.</summary>
public sealed record ErrorRow
{
    /// <summary>Unique and stable: writing the same error twice leaves one row.</summary>
    public required string Id { get; init; }

    /// <summary>Values of <see cref="ErrorTable.SourceColumns"/> as text.</summary>
    public required IReadOnlyList<string?> Values { get; init; }

    /// <summary>Number of the log batch that was cut when the row was refused.</summary>
    public required long Batch { get; init; }

    public required string Rule { get; init; }

    /// <summary>Null when the rule is of the whole row.</summary>
    public string? Item { get; init; }

    public string? Value { get; init; }

    public required string Message { get; init; }

    public required DateTimeOffset Time { get; init; }
}

/// <summary>
/// Writes error tables: the source's columns as text, then err_id (key), err_batch, err_rule, err_item, err_value, err_message, err_time, err_closed_batch
/// (null while open).
/// </summary>
public interface IErrorTable
{
    /// <summary>Creates the table when missing; adds source columns that are new; refuses (Standing) a table of that name that is not an error table.</summary>
    Task EnsureAsync(ErrorTable table, CancellationToken cancel);

    /// <summary>Writes all in one transaction; rows whose id is already there are left as they are.</summary>
    Task WriteAsync(ErrorTable table, IReadOnlyList<ErrorRow> rows, CancellationToken cancel);

    /// <summary>Sets err_closed_batch of those ids where it is null, all in one transaction.</summary>
    Task CloseAsync(ErrorTable table, IReadOnlyList<(string Id, long Batch)> closed, CancellationToken cancel);
}
