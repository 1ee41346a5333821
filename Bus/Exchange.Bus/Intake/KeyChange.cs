using Exchange.Bus.Quality.Rules;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>Most rows of an increment stand under other keys than before.</summary>
internal sealed class KeyChangedException(string detail) : Exception(detail)
{
    public string Detail => Message;
}

/// <summary>
/// Sees in an increment that a department's software has given its rows other keys (DB23/T 2835 §7.3.4 a): the same things, told by the business key, come again under new
/// keys while the old ones stand. One such row is an error row; when they are the most, the increment is none.
/// </summary>
internal static class KeyChange
{
    /// <exception cref="KeyChangedException">At least half of the rows that came are such.</exception>
    public static void Check(IntakeRun run, RowBatch accepted, IReadOnlyList<QuarantinedRow> refused)
    {
        if (run.Kind != "incremental" || run.Plan.Resource.BusinessKey.Count == 0) return;
        var moved = refused.Count(row => row.Broken.Any(broken => broken.Rule == UniqueRule.BusinessKey));
        var came = refused.Count + accepted.OperationSpan.Count(RowOperation.Upsert);
        if (moved > 0 && moved * 2 >= came)
            throw new KeyChangedException($"{moved} of {came} rows that came hold a business key ({string.Join(", ", run.Plan.Resource.BusinessKey)}) that another key holds already");
    }
}
