namespace Exchange.Contracts.Files;

/// <summary>Where something stands in a file.</summary>
/// <param name="Unit">line or row.</param>
/// <param name="Number">From 1, as a person counts: nothing is left out.</param>
public sealed record FilePlace(string Unit, long Number)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Unit} {Number}");
}

/// <summary>A row of a CSV or XLSX file as it stands there.</summary>
/// <param name="Place">Where it begins.</param>
/// <param name="Cells">From the first column on; '' for one without anything.</param>
public sealed record FileRow(FilePlace Place, IReadOnlyList<string> Cells);

/// <param name="Row">The row that names the columns.</param>
/// <param name="Above">How many rows that hold something stand above it.</param>
/// <param name="Complete">Whether it names all that is needed; if not, it is the row that comes nearest.</param>
public sealed record FoundHeader(FileRow Row, int Above, bool Complete);

/// <summary>Finds the row of a file that names its columns. Only who knows the names can tell it from a title or from data.</summary>
public interface IHeaderSearch
{
    /// <param name="rows">Those that hold something, from the first on; no more are taken than are looked at.</param>
    /// <returns>Null: there are no rows.</returns>
    /// <exception cref="FileFormException">Which row it is would be a guess.</exception>
    FoundHeader? Find(IEnumerable<FileRow> rows);
}
