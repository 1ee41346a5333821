using Exchange.Samples.Inspections;
using Exchange.Samples.Licences;

namespace Exchange.Host.Demo;

/// <summary>A reading and a delivery are killed in the middle, as by a power cut, and started again: no row is lost, none doubled.</summary>
internal sealed class KilledChapter : IChapter
{
    const int Removed = 25, Changed = 60;

    public string Title => "Killed in the middle and started again";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var province = story.Province;
        story.Say($"卫健委 removes {Removed} inspections (no time of change tells of that: a full will find it) and changes {Changed} licences.");
        var removed = await province.Health.ExecuteAsync(
            $"DELETE FROM {InspectionTable.Name} WHERE check_action_code IN (SELECT check_action_code FROM {InspectionTable.Name} WHERE check_action_code NOT IN (SELECT check_action_code FROM {InspectionTable.Name}_error) ORDER BY check_action_code LIMIT {Removed})", cancel);
        var changed = await province.Health.ExecuteAsync(
            $"UPDATE {LicenceTables.Old} SET BZ = '补正' WHERE XK_WSH IN (SELECT XK_WSH FROM {LicenceTables.Old} WHERE XK_WSH NOT IN (SELECT XK_WSH FROM {LicenceTables.Old}_error) ORDER BY XK_WSH LIMIT {Changed})", cancel);
        story.Expect("rows removed and changed at the source", $"{Removed} and {Changed}", $"{removed} and {changed}");

        story.Say("A full of the inspections is killed after its second batch; a delivery of the licences is killed after the target has committed and before the hub knows it.");
        var reading = ChildExchange.RunAsync("append:2", ["sync", InspectionsChapter.Subscription, "--full", "--data", province.HubFolder], Silent, cancel);
        var delivering = ChildExchange.RunAsync("deliverAfterCommit:1", ["sync", PublicityChapter.Subscription, "--data", province.HubFolder], Silent, cancel);
        story.Expect("exit status of the killed reading", ChildExchange.Killed, await reading);
        story.Expect("exit status of the killed delivery", ChildExchange.Killed, await delivering);
        story.Expect("removed inspections that still stand at 大数据中心", Removed, await StrayAsync(province, cancel));

        story.Say("Both are started again. They wait until the dead ones' leases have run out (15 s at most), then go on where those stopped.");
        var status = await ChildExchange.RunAsync(null, ["sync", InspectionsChapter.Subscription, PublicityChapter.Subscription, "--data", province.HubFolder], story.Note, cancel);
        story.Expect("exit status (3: done, and some rows are rejected)", Output.ExitStatus.Rejected, status);

        var rows = await province.Health.CountAsync($"SELECT count(*) FROM {InspectionTable.Name}", cancel);
        var open = (await InspectionsChapter.OpenErrorsAsync(province, cancel)).ToList();
        story.Expect("inspections that are still broken", InspectionsChapter.LeftBroken, open.Count);
        story.ExpectSame("every inspection", (int)rows - open.Count, await InspectionsChapter.CompareAsync(province, open, cancel));
        story.Expect("removed inspections that still stand", 0, await StrayAsync(province, cancel));
        rows = await province.Health.CountAsync($"SELECT count(*) FROM {LicenceTables.Old}", cancel);
        open = [.. await PublicityChapter.OpenErrorsAsync(province, cancel)];
        story.Expect("licences that are still broken", PublicityChapter.LeftBroken, open.Count);
        story.ExpectSame("every licence", (int)rows - open.Count, await province.Health.CompareAsync(province.Credit, LicenceTables.Expected, LicenceTables.Delivered, open, cancel));
        story.Expect("changed licences at 信用平台", Changed, await province.Credit.CountAsync($"SELECT count(*) FROM {LicenceTables.New} WHERE BZ = '补正'", cancel));
    }

    /// <summary>What dying processes say is cut off anywhere.</summary>
    static void Silent(string line)
    {
    }

    /// <summary>Rows of the target whose keys the source does not have.</summary>
    static async Task<long> StrayAsync(Province province, CancellationToken cancel) =>
        (await province.Health.CompareAsync(province.Centre, $"SELECT check_action_code FROM main.{InspectionTable.Name}", $"SELECT check_action_code FROM other.{InspectionsChapter.Target}", [], cancel)).Surplus;
}
