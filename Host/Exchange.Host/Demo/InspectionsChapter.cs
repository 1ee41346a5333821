using System.Globalization;
using Exchange.Samples.FrontEnd;
using Exchange.Samples.Inspections;

namespace Exchange.Host.Demo;

/// <summary>Thousands of inspections, a known number of them broken in each way, followed by the time of their last change.</summary>
internal sealed class InspectionsChapter : IChapter
{
    public const string Subscription = "health-check-action-to-centre", Target = "jg_check_action_health";

    const int Rows = 5_000, Changed = 200, Added = 50, Corrected = 40, Spoiled = 10;

    static readonly (InspectionDefect Defect, int Rows)[] Defects =
    [
        (InspectionDefect.CreditCode, 30), (InspectionDefect.UnknownItem, 20), (InspectionDefect.NoPlan, 10), (InspectionDefect.UnknownPlan, 12),
        (InspectionDefect.SubmittedEarly, 14), (InspectionDefect.NoName, 8), (InspectionDefect.UnknownResult, 6),
    ];

    static int Broken => Defects.Sum(defect => defect.Rows);

    /// <summary>Rows that stand in quarantine when the chapter has ended.</summary>
    public static int LeftBroken => Broken - Corrected + Spoiled;

    public string Title => "行政检查行为 of 卫健委: thousands of rows, one in fifty broken";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var generator = new InspectionGenerator(story.Province.Draw, new Inspector("示例省卫生健康委员会", "11990000000001011Q", "WJ"), SupervisionCatalogue.HealthItems, SupervisionCatalogue.PlanIds, story.Province.Enterprises);
        var good = Enumerable.Range(1, Rows).Select(generator.Make).ToList();
        var broken = new SortedDictionary<int, InspectionDefect>();
        var places = story.Province.Draw.Places(Broken, Rows);
        foreach (var (defect, count) in Defects)
            foreach (var place in places.Skip(broken.Count).Take(count).ToList()) broken[place] = defect;
        await FirstExchangeAsync(story, good, broken, cancel);
        await ChangeAsync(story, generator, good, broken, cancel);
    }

    static async Task FirstExchangeAsync(Story story, List<Inspection> good, SortedDictionary<int, InspectionDefect> broken, CancellationToken cancel)
    {
        story.Say($"卫健委 has {Rows:N0} inspections, {Broken} of them with one defect each.");
        var health = story.Province.Health;
        var now = story.Now;
        await InspectionTable.InsertAsync(health, good.Select((row, at) =>
            (broken.TryGetValue(at, out var defect) ? InspectionGenerator.Break(row, defect) : row, now.AddDays(-30).AddMinutes(at))), cancel);
        var result = await story.SyncAsync(Subscription, cancel);
        story.Expect("first exchange", $"{Rows} read, {Broken} rejected, {Rows - Broken} written", $"{result.Read} read, {result.Rejected} rejected, {result.Upserted} written");

        var found = (await health.RowsAsync($"SELECT err_rule, count(*) FROM {InspectionTable.Name}_error GROUP BY err_rule", cancel)).ToDictionary(row => row[0]!, row => row[1]);
        foreach (var (defect, count) in Defects)
            story.Expect($"rows with {defect.Rule()}, in the error table", count, long.Parse(found.GetValueOrDefault(defect.Rule(), null) ?? "0", CultureInfo.InvariantCulture));
        story.Expect("errors in all", Broken, await health.CountAsync($"SELECT count(*) FROM {InspectionTable.Name}_error", cancel));
        story.ExpectSame("every row at 卫健委 and at 大数据中心", Rows - Broken, await CompareAsync(story.Province, broken.Keys.Select(at => good[at].Code), cancel));
    }

    static async Task ChangeAsync(Story story, InspectionGenerator generator, List<Inspection> good, SortedDictionary<int, InspectionDefect> broken, CancellationToken cancel)
    {
        story.Say($"{Changed} rows change, {Added} are added, {Corrected} broken ones are corrected, {Spoiled} good ones lose their name.");
        var sound = Enumerable.Range(0, Rows).Where(at => !broken.ContainsKey(at)).ToList();
        var corrected = broken.Keys.Take(Corrected).ToList();
        var spoiled = sound.Skip(Changed).Take(Spoiled).Select(at => InspectionGenerator.Break(good[at], InspectionDefect.NoName)).ToList();
        await InspectionTable.ReplaceAsync(story.Province.Health,
        [
            .. sound.Take(Changed).Select(at => good[at] with { Result = "3", Personnel = good[at].Personnel + "（复查）" }),
            .. Enumerable.Range(Rows + 1, Added).Select(generator.Make),
            .. corrected.Select(at => good[at]),
            .. spoiled,
        ], story.Now, cancel);

        var result = await story.SyncAsync(Subscription, cancel);
        story.Expect("incremental exchange", $"{Changed + Added + Corrected + Spoiled} read, {Spoiled} rejected, {Changed + Added + Corrected} written, {Corrected} closed",
            $"{result.Read} read, {result.Rejected} rejected, {result.Upserted} written, {result.Closed} closed");
        string[] apart = [.. broken.Keys.Except(corrected).Select(at => good[at].Code), .. spoiled.Select(row => row.Code)];
        story.ExpectSame("every row after the changes", Rows - Broken + Added + Corrected - Spoiled, await CompareAsync(story.Province, apart, cancel));
        story.Expect("last good version of rows that are broken now", Spoiled, await story.Province.Centre.CountAsync(
            $"SELECT count(*) FROM {Target} WHERE check_action_code IN ({string.Join(", ", spoiled.Select(row => $"'{row.Code}'"))}) AND check_action_name <> ''", cancel));
        result = await story.SyncAsync(Subscription, cancel);
        story.Expect("read when nothing has changed", 0, result.Read);
    }

    /// <summary>Compares all columns of all rows, those of some keys left out.</summary>
    public static Task<RowDifference> CompareAsync(Province province, IEnumerable<string> apart, CancellationToken cancel)
    {
        var columns = string.Join(", ", InspectionTable.Columns);
        const string Kept = "check_action_code NOT IN (SELECT key FROM temp.apart)";
        return province.Health.CompareAsync(province.Centre, $"SELECT {columns} FROM main.{InspectionTable.Name} WHERE {Kept}", $"SELECT {columns} FROM other.{Target} WHERE {Kept}", apart, cancel);
    }

    /// <summary>Keys that stand open in the error table.</summary>
    public static async Task<IEnumerable<string>> OpenErrorsAsync(Province province, CancellationToken cancel) =>
        (await province.Health.RowsAsync($"SELECT DISTINCT check_action_code FROM {InspectionTable.Name}_error WHERE err_closed_batch IS NULL", cancel)).Select(row => row[0]!);
}
