using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Operations;
using Exchange.Host.Commands;
using Exchange.Samples.Inspections;

namespace Exchange.Host.Demo;

/// <summary>Scenario S2: inspections through the front-end database by batches, errors pushed back, corrected and closed.</summary>
internal sealed class SupervisionChapter : IChapter
{
    const string Subscription = "check-action-to-centre", Errors = InspectionTable.Name + "_error";

    const string Source = "990000-11990000000002022", FirstBatch = "2026070100001", SecondBatch = "2026070100002";

    static readonly DateTime Morning = new(2026, 7, 1, 9, 0, 0, DateTimeKind.Unspecified), Noon = new(2026, 7, 1, 12, 0, 0, DateTimeKind.Unspecified);

    public string Title => "监管行为: batches with control columns, errors pushed back (scenario S2)";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var (market, centre) = (story.Province.Market, story.Province.Centre);
        var good = Inspections(story.Province);
        var rows = good.ToList();
        rows[2] = InspectionGenerator.Break(rows[2], InspectionDefect.CreditCode);
        rows[5] = InspectionGenerator.Break(rows[5], InspectionDefect.UnknownItem);
        rows[8] = InspectionGenerator.Break(rows[8], InspectionDefect.UnknownPlan);
        rows[10] = InspectionGenerator.Break(rows[10], InspectionDefect.SubmittedEarly);

        story.Say($"市监局 submits batch {FirstBatch}: 12 rows, r3 with a wrong check digit, r6 with an unknown item, r9 drawn by lot without a valid plan, r11 submitted before the check.");
        await InspectionTable.SubmitAsync(market, rows, new Submission(FirstBatch, "i", Source, Morning), cancel);
        Expect(story, "run 1", await story.SyncAsync(Subscription, cancel), "12 read, 8 loaded, 4 errors, 0 tombstoned, 0 closed");
        await ExpectErrorsAsync(story, rows, cancel);
        await ExpectStatisticsAsync(story, cancel);
        story.Expect("rows at 大数据中心", 8, await ActiveAsync(story, cancel));

        story.Say($"市监局 reads its error table and submits batch {SecondBatch}: r3, r6, r11 corrected (u), r1 deleted (d).");
        await InspectionTable.SubmitAsync(market, [good[2], good[5], good[10]], new Submission(SecondBatch, "u", Source, Noon), cancel);
        await InspectionTable.SubmitAsync(market, [good[0]], new Submission(SecondBatch, "d", Source, Noon), cancel);
        Expect(story, "run 2", await story.SyncAsync(Subscription, cancel), "4 read, 3 loaded, 0 errors, 1 tombstoned, 3 closed");
        story.Expect("errors open at 市监局", rows[8].Code, await TextAsync($"SELECT group_concat(check_action_code) FROM {Errors} WHERE err_closed_batch IS NULL"));
        story.Expect("active rows at 大数据中心", 10, await ActiveAsync(story, cancel));
        story.Expect("r1 at 大数据中心", "exchange_deleted = 1", await DeletedAsync(good[0].Code));

        Expect(story, "run 2 again", await story.SyncAsync(Subscription, cancel), "0 read, 0 loaded, 0 errors, 0 tombstoned, 0 closed");
        var stands = string.Join(", ", InspectionTable.Columns);
        story.ExpectSame("every row at the source and at 大数据中心", 10, await market.CompareAsync(centre,
            $"SELECT {stands} FROM main.{InspectionTable.Name} one WHERE cd_operation <> 'd' AND cd_batch = (SELECT max(cd_batch) FROM main.{InspectionTable.Name} WHERE cd_id = one.cd_id) AND check_action_code NOT IN (SELECT key FROM temp.apart)",
            $"SELECT {stands} FROM other.{InspectionTable.Name} WHERE NOT exchange_deleted", [rows[8].Code], cancel));

        await ExpectLightsAsync(story, cancel);
        await ExpectRefusalAsync(story, cancel);

        async Task<string> TextAsync(string sql) => (await market.RowsAsync(sql, cancel))[0][0] ?? "";
        async Task<string> DeletedAsync(string code) => $"exchange_deleted = {await centre.CountAsync($"SELECT exchange_deleted FROM {InspectionTable.Name} WHERE check_action_code = $code", cancel, [("$code", code)])}";
    }

    static List<Inspection> Inspections(Province province)
    {
        var generator = new InspectionGenerator(province.Draw, new Inspector("示例省市场监督管理局", "119900000000020224", "SJ"), SupervisionCatalogue.MarketItems, SupervisionCatalogue.PlanIds, province.Enterprises);
        return [.. Enumerable.Range(1, 12).Select(generator.Make)];
    }

    static void Expect(Story story, string run, SyncResult got, string expected) => story.Expect(run, expected,
        $"{got.Read} read, {got.Upserted} loaded, {got.Rejected} errors, {got.DeletedAtTarget} tombstoned, {got.Closed} closed");

    /// <summary>Each error says the rule, the field and the value, beside the row as it was submitted.</summary>
    static async Task ExpectErrorsAsync(Story story, List<Inspection> rows, CancellationToken cancel)
    {
        var found = (await story.Province.Market.RowsAsync($"SELECT check_action_code, err_rule, err_item, err_value, err_message FROM {Errors} ORDER BY check_action_code", cancel)).ToLookup(row => row[0]);
        foreach (var (number, expected) in new[]
        {
            (3, $"uscc: administrative_cp_ui_code = {rows[2].PartyCode}"),
            (6, $"known-item: supervise_item_implement_code = {rows[5].ItemCode}"),
            (9, $"known-plan: plan_id = {rows[8].Plan}"),
            (11, "date-order"),
        })
        {
            var errors = found[rows[number - 1].Code].ToList();
            story.Expect($"error of r{number}, pushed back", expected, string.Join("; ", errors.Select(error => number == 11 ? error[1] : $"{error[1]}: {error[2]} = {error[3]}")));
            if (errors.Count > 0) story.Note($"r{number}: {errors[0][4]}");
        }
    }

    /// <summary>What `exchange get statistics check-action` shows.</summary>
    static async Task ExpectStatisticsAsync(Story story, CancellationToken cancel)
    {
        var of = (await story.Hub.Get<ITimeliness>().StatisticsAsync("check-action", TimeSpan.FromDays(1), cancel)).Single();
        story.Expect("数据量, 准确率, 及时率", "12, 66.7 %, 100 %", $"{of.Volume}, {ShownStatistics.Percent(of.AccuracyPercent)}, {ShownStatistics.Percent(of.TimelinessPercent)}");
    }

    /// <summary>The clock is the real one: later lights are those that `exchange get lights --at TIME` foretells if nothing is exchanged until then.</summary>
    static async Task ExpectLightsAsync(Story story, CancellationToken cancel)
    {
        story.Say("What the lights will be if nobody exchanges anything from here on: class b must be exchanged each day, class e each seven days.");
        foreach (var (hours, checks, licences) in new[] { (0, "green", "green"), (25, "yellow", "green"), (49, "red", "green"), ((7 * 24) + 1, "red", "yellow"), ((8 * 24) + 1, "red", "red") })
        {
            var lights = await story.Hub.Get<ITimeliness>().LightsAsync(story.Now.AddHours(hours), cancel);
            story.Expect(hours == 0 ? "lights of check-action (b) and licence (e) now" : $"the same in {hours} hours", $"{checks}, {licences}", $"{Of("check-action")}, {Of("licence")}");

            string Of(string resource) => lights.Single(light => light.Kind == "resource" && light.Name == resource).Light;
        }
    }

    static Task<long> ActiveAsync(Story story, CancellationToken cancel) =>
        story.Province.Centre.CountAsync($"SELECT count(*) FROM {InspectionTable.Name} WHERE NOT exchange_deleted", cancel);

    /// <summary>A table that lacks a required column is refused when it is registered.</summary>
    static async Task ExpectRefusalAsync(Story story, CancellationToken cancel)
    {
        story.Say("市监局 registers an old table, in which IT has forgotten data_up_status.");
        await InspectionTable.CreateWithControlAsync(story.Province.Market, $"{InspectionTable.Name}_old", withStatus: false, cancel);
        var answer = "accepted";
        try
        {
            await story.Hub.Get<IManifests>().ApplyAsync(await Province.RefusedAsync(cancel), dryRun: true, prune: false, cancel);
        }
        catch (ManifestException refused)
        {
            story.Note(refused.Problems[0].ToString());
            answer = refused.Problems is [var only] && only.Message.Contains("'data_up_status'", StringComparison.Ordinal) ? "refused, naming data_up_status" : refused.Message;
        }

        story.Expect("registration of a table without data_up_status", "refused, naming data_up_status", answer);
    }
}
