using Exchange.Contracts.Operations;
using Exchange.Samples.Inspections;

namespace Exchange.Host.Demo;

/// <summary>The end of scenario S2: a department's software gives its rows other keys, and the full is re-organised (DB23/T 2835 §7.3.4 a).</summary>
internal sealed class KeyChangeChapter : IChapter
{
    const string Resource = "check-action", Subscription = "check-action-to-centre", Table = InspectionTable.Name;

    public string Title => "监管行为: the department's key changes, the full is re-organised (scenario S2)";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var (market, centre) = (story.Province.Market, story.Province.Centre);
        var before = await KeysAsync(story, cancel);
        story.Say("市监局 upgrades its software: every row gets a key of a new form and is written anew, r9 with its plan put right. What the old software left is gone.");
        await market.ExecuteAsync($"""
            DELETE FROM {Table} WHERE cd_batch < (SELECT max(other.cd_batch) FROM {Table} other WHERE other.cd_id = {Table}.cd_id);
            DELETE FROM {Table} WHERE cd_operation = 'd';
            UPDATE {Table} SET plan_id = '{SupervisionCatalogue.PlanIds[0]}' WHERE check_mode = '1' AND plan_id NOT IN (SELECT plan_id FROM jg_double_random_plan);
            UPDATE {Table} SET cd_id = 'SJ2-' || check_action_code, cd_operation = 'i', cd_batch = '2026070200001', cd_time = '2026-07-02 09:00:00.000000';
            """, cancel);

        var held = await story.SyncHeldAsync(Subscription, cancel);
        story.Expect("the increment", "held, provider.source.held", $"{(held.Error is null ? "taken" : "held")}, {held.ErrorCode}");
        story.Note(held.Error ?? "");
        story.Expect("rows at 大数据中心", before, await KeysAsync(story, cancel));

        story.Say("市监局 gives notice with reason a: the full is read, and 大数据中心 changes over to it in one transaction.");
        await story.Hub.Get<IReorganisations>().NoticeAsync(new ReorganisationNotice(Resource, ReorganisationReason.KeyChanged, "软件升级，主键格式变更", Hold: false, "市监局"), cancel);
        var got = await story.SyncAsync(Subscription, cancel);
        story.Expect("the re-organised full", "full: 11 read, 11 loaded, 0 errors, 10 tombstoned", $"{got.Kind}: {got.Read} read, {got.Upserted} loaded, {got.Rejected} errors, {got.DeletedAtTarget} tombstoned");
        var entry = (await story.Hub.Get<IReorganisations>().ListAsync(Resource, 1, cancel)).Single();
        var target = entry.Switches.Single();
        story.Expect("its record", "a, done: 11 accepted = 11 at the centre, 0 duplicates", $"{entry.Reason}, {entry.State}: {entry.Accepted} accepted = {target.Rows} at the centre, {target.Duplicates} duplicates");
        story.Expect("errors open at 市监局", 0, await market.CountAsync($"SELECT count(*) FROM {Table}_error WHERE err_closed_batch IS NULL", cancel));
        story.ExpectSame("every row at the source and at 大数据中心", 11, await market.CompareAsync(centre,
            $"SELECT cd_id, {string.Join(", ", InspectionTable.Columns)} FROM main.{Table}", $"SELECT cd_id, {string.Join(", ", InspectionTable.Columns)} FROM other.{Table} WHERE NOT exchange_deleted", [], cancel));

        await market.ExecuteAsync($"UPDATE {Table} SET cd_operation = 'u', cd_batch = '2026070300001', cd_time = '2026-07-03 09:00:00.000000', check_result = '2' WHERE cd_id = (SELECT min(cd_id) FROM {Table})", cancel);
        var later = await story.SyncAsync(Subscription, cancel);
        story.Expect("a later increment", "incremental: 1 read, 1 loaded", $"{later.Kind}: {later.Read} read, {later.Upserted} loaded");
    }

    static async Task<string> KeysAsync(Story story, CancellationToken cancel) =>
        (await story.Province.Centre.RowsAsync($"SELECT count(*) || ', first ' || min(cd_id) FROM {Table} WHERE NOT exchange_deleted", cancel))[0][0] ?? "";
}
