namespace Exchange.Contracts.Files;

/// <summary>A row of a file that was not taken.</summary>
/// <param name="Place">Where it stands in the file.</param>
/// <param name="Rules">The rules that it broke, at least one.</param>
/// <param name="Reasons">For each rule what is wrong, in words.</param>
/// <param name="Values">Its fields as they were given, in the order of the columns.</param>
/// <param name="Further">Fields beyond those of the columns: with them the row is refused again.</param>
/// <param name="Record">Its text as it stood in a CSV file of the same delimiter, which is written in place of the fields; null: the fields are.</param>
public sealed record RefusedRow(string Place, IReadOnlyList<string> Rules, IReadOnlyList<string> Reasons, IReadOnlyList<string?> Values, IReadOnlyList<string> Further, string? Record);

/// <summary>
/// Where refused rows are written, one after the other: nothing of them is held. The file gets its name by <see cref="CompleteAsync"/> alone: whoever sees it sees all of it. For one writer.
/// </summary>
public interface IRefusedRows : IAsyncDisposable
{
    /// <exception cref="FileFormException">It can't be written.</exception>
    Task AppendAsync(RefusedRow row, CancellationToken cancel);

    /// <summary>Makes what was written durable and gives it its name, in the place of a file that had it. Without it, disposing takes everything away.</summary>
    /// <exception cref="FileFormException">It can't be written.</exception>
    Task CompleteAsync(CancellationToken cancel);
}

/// <summary>Makes files of refused rows.</summary>
public interface IRefusedRowFiles
{
    /// <summary>Begins a CSV file.</summary>
    /// <param name="path">The name that it gets at the end.</param>
    /// <param name="columns">Of the file that is read.</param>
    /// <param name="delimiter">What stands between two fields.</param>
    /// <exception cref="FileFormException">It can't be made there.</exception>
    IRefusedRows Create(string path, IReadOnlyList<string> columns, char delimiter);
}
