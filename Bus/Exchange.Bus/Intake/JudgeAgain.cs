using Exchange.Bus.Quarantine;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>
/// Judges refused rows again when what they were refused for has grown (a reference, a code set, another row with the same unique value): no change at the
/// source will bring them back. They are read anew by key.
/// </summary>
internal sealed class JudgeAgain(IQuarantine quarantine, KeyReader keys)
{
    /// <summary>Rounds in one run: rows that wait for rows that wait. The next run goes on.</summary>
    const int MostRounds = 1_000;

    public async Task TakeAsync(IntakeRun run, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var waiting = await quarantine.KeysToJudgeAgainAsync(run.Name, run.Plan.Resource.BatchRows, cancel);
            if (waiting.Count == 0) return;
            var natural = NaturalKeys(run.Plan, waiting);
            if (natural.Count == 0) return;
            await keys.AppendAsync(run, natural, itemSets, position => position, cancel, judgedAgain: true);
            run.Report(run.Kind);
            ErrorLimits.Check(run);
        }
    }

    /// <summary>
    /// The keys in the source's own types. Keys that are not the source's own values (normalised, converted) can't be read back by value; those rows are judged
    /// again by the next full.
    /// </summary>
    static RowBatch NaturalKeys(SourcePlan plan, IReadOnlyList<string> keyTexts)
    {
        var columns = plan.Resource.Key.Select(item => plan.Table.Find(SourcePlan.ColumnOf(plan.Source, item))!.Type).ToList();
        var rows = RowBatch.Empty(plan.Resource.Key.Select((item, at) => (item, columns[at])), keyTexts.Count);
        if (!plan.KeysAreNatural) return rows;
        foreach (var text in keyTexts)
        {
            var values = RowKey.Values(text);
            if (values.Length != rows.Columns.Count || values.Any(value => value is null)) continue;
            var probe = RowBatch.Empty(rows.Columns.Select(column => (column.Name, column.Type)), 1);
            if (!values.Select((value, at) => ColumnText.TryAppend(probe.Columns[at], value)).All(read => read)) continue;
            probe.EndRow();
            rows.AppendRow(probe, 0);
        }

        return rows;
    }
}
