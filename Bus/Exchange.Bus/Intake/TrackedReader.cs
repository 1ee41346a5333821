using System.Globalization;
using Exchange.Bus.Log;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>
/// Follows a rising column (`cursor`) or the control columns (`control`): each pass reads again from the safe horizon on, passes over the rows that stand as
/// they were taken up (<see cref="SeenRows"/>), and appends the others. Where several rows may share a key, the pass only finds the keys and the winners are read anew.
/// </summary>
internal sealed class TrackedReader(SourceStates states, BatchAppender appender, KeyReader keys, PageJudge judge, ExchangeSteps steps)
{
    public static async Task<TrackPass> LookAsync(SourcePlan plan, CancellationToken cancel)
    {
        var point = await plan.Database.Source.TrackAsync(plan.Query, plan.Tracked[0], cancel);
        return new TrackPass(point.Greatest, point.ServerNow, point.OldestOpen, point.NextOpen) { GreatestAt = point.GreatestInstant };
    }

    public async Task TakeAsync(IntakeRun run, SeenRows seen, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var plan = run.Plan;
        var pass = await LookAsync(plan, cancel);
        var horizon = run.Position.Tracked ?? new TrackedPosition();
        var bound = new TrackBound
        {
            Columns = plan.Tracked,
            From = horizon.From,
            Earlier = plan.Source.MaxLateness,
            Lower = horizon.Lower,
            WrittenSince = horizon.WrittenSince,
        };
        string? next = null;
        do
        {
            var page = await plan.Reader.ReadTrackedAsync(plan.Query, bound, next, plan.Resource.BatchRows, plan.Resource.BatchBytes, cancel);
            next = page.Resume;
            await TakePageAsync(run, seen, page, itemSets, cancel);
        }
        while (next is not null);

        seen.ForgetUnmet();
        var temporal = plan.Table.Find(plan.Query.Columns.First(column => column.Item == plan.Tracked[0]).Column)!.Type.Kind is ItemKind.Date or ItemKind.Timestamp;
        var settled = SafeHorizon.After(horizon, pass, plan.Source.MaxLateness, temporal);
        await keys.SaveAsync(run, run.Position with { Tracked = settled }, cancel);
    }

    /// <summary>Whether a tracked value lies where the first increments after a full will read again.</summary>
    public static bool IsAbove(Column tracked, int row, TrackPass start, TimeSpan maxLateness)
    {
        if (tracked.IsNull(row) || start.Greatest is null) return false;
        // Increments begin at the greatest value, which may be much older than the clock.
        var from = start.GreatestAt is { } greatestAt && greatestAt < start.At ? greatestAt : start.At;
        return tracked switch
        {
            LongColumn { Type.Kind: ItemKind.Timestamp } instants => instants[row] >= Temporal.Microseconds(from - maxLateness - maxLateness),
            LongColumn { Type.Kind: ItemKind.Date } days => days[row] >= Temporal.Days(DateOnly.FromDateTime((from - maxLateness).UtcDateTime)) - 2,
            LongColumn numbers when long.TryParse(start.Greatest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var greatest) =>
                numbers[row] >= greatest - SafeHorizon.FirstIntegerOverlap,
            BytesColumn texts => string.CompareOrdinal(texts.StringAt(row), BatchNumber.DayBefore(start.Greatest)) >= 0,
            _ => false,
        };
    }

    async Task TakePageAsync(IntakeRun run, SeenRows seen, SourcePage page, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var ordinals = run.Plan.Query.Key.Select(page.Rows.Ordinal).ToList();
        var fresh = new List<int>();
        for (var row = 0; row < page.Rows.Count; row++)
            if (!seen.Meet(RowIdentity(run.Plan, page.Rows, ordinals, row), page.Rows, row)) fresh.Add(row);
        if (fresh.Count == 0) return;
        steps.Reached(ExchangeStep.Read, run.Name);
        if (!seen.Withdrawn) await states.SaveSeenAsync(run.Lease, run.Name, null, cancel);
        seen.Withdrawn = true;
        if (run.Plan.Query.KeyIsUnique) await AppendRowsAsync(run, Pages.Pick(page, fresh), itemSets, cancel);
        else await AppendKeysAsync(run, page.Rows, ordinals, fresh, itemSets, cancel);
        run.Report(run.Kind);
        ErrorLimits.Check(run);
    }

    async Task AppendRowsAsync(IntakeRun run, SourcePage page, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var (rows, refused) = await judge.JudgeAsync(run.Plan, page, null, cancel);
        steps.Reached(ExchangeStep.Quality, run.Name);
        KeyChange.Check(run, rows, refused);
        await appender.AppendAsync(run, new BatchDraft
        {
            Kind = BatchKind.Change,
            FullStart = 0,
            Rows = rows,
            Refused = refused,
            Read = page.Rows.Count,
            Then = (position, _) => position,
        }, itemSets, cancel);
    }

    async Task AppendKeysAsync(IntakeRun run, RowBatch rows, List<int> ordinals, List<int> fresh, IReadOnlyList<IReadOnlyList<string>> itemSets, CancellationToken cancel)
    {
        var keyed = RowBatch.Empty(ordinals.Select(at => (rows.Columns[at].Name, rows.Columns[at].Type)), fresh.Count);
        var incomplete = new List<int>();
        foreach (var row in fresh)
        {
            if (ordinals.Any(at => rows.Columns[at].IsNull(row)))
            {
                incomplete.Add(row);
                continue;
            }

            for (var at = 0; at < ordinals.Count; at++) keyed.Columns[at].AppendFrom(rows.Columns[ordinals[at]], row);
            keyed.EndRow();
        }

        if (keyed.Count > 0) await keys.AppendAsync(run, KeyReader.Distinct(keyed), itemSets, position => position, cancel);
        // A row without its key can't be read anew; it is judged as it stands, and refused for its key.
        if (incomplete.Count > 0) await AppendRowsAsync(run, Pages.Pick(new SourcePage { Rows = rows }, incomplete), itemSets, cancel);
    }

    /// <summary>By what a row is remembered as taken up: rows that share a key are told apart by their place in the tracked order.</summary>
    public static string RowIdentity(SourcePlan plan, RowBatch rows, IReadOnlyList<int> ordinals, int row)
    {
        var key = RowKey.Text(rows, ordinals, row);
        return plan.Query.KeyIsUnique ? key : key + RowKey.Text([.. plan.Tracked.Select(column => rows[column].TextAt(row))]);
    }
}
