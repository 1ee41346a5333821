using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// One rule of one item, judged over a whole column. NULL passes every rule but `required`. Immutable, safe for concurrent callers.
/// </summary>
internal abstract class ColumnRule
{
    /// <summary>Adds a finding for each row that breaks the rule.</summary>
    /// <param name="column">In the item's type; broken cells are null.</param>
    /// <param name="findings">Where broken rules go.</param>
    public abstract void Judge(Column column, ItemFindings findings);
}

/// <summary>Broken by NULL and by '' (the two differ, but neither is a value).</summary>
internal sealed class RequiredRule : ColumnRule
{
    public const string Name = "required";

    public override void Judge(Column column, ItemFindings findings)
    {
        var bytes = column as BytesColumn;
        if (bytes is null && !column.HasNulls) return;
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsNull(row))
            {
                if (!findings.IsValueless(row)) findings.Break(row, Name, null, "A value is required, but there is none (NULL).");
            }
            else if (bytes is not null && bytes[row].IsEmpty)
            {
                findings.Break(row, Name, "", "A value is required, but the text is empty.");
            }
        }
    }
}
