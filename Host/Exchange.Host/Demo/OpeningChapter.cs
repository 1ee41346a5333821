using Exchange.Contracts.Catalogue;
using Exchange.Samples.Inspections;
using Exchange.Samples.Licences;

namespace Exchange.Host.Demo;

/// <summary>The departments' databases come into being, and the manifests that ship with the program are applied.</summary>
internal sealed class OpeningChapter : IChapter
{
    /// <summary>Documents in samples/province.</summary>
    const int Documents = 25;

    public string Title => "The province is registered 注册前置库与资源";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var province = story.Province;
        story.Say("Four SQLite files stand for the databases of 市监局, 卫健委, 大数据中心 and 信用平台, with the tables that their systems have.");
        await SupervisionCatalogue.CreateAsync(province.Centre, cancel);
        await SupervisionCatalogue.CreatePlansAsync(province.Market, cancel);
        await InspectionTable.CreateWithControlAsync(province.Market, InspectionTable.Name, withStatus: true, cancel);
        await InspectionTable.CreateWithTimeAsync(province.Health, cancel);
        await LicenceTables.CreateOldAsync(province.Health, cancel);
        await LicenceTables.CreateNewAsync(province.Credit, cancel);

        story.Say("The manifests in samples/province are applied, then applied again.");
        var manifests = story.Hub.Get<IManifests>();
        var files = await Province.ManifestsAsync(cancel);
        var applied = await manifests.ApplyAsync(files, dryRun: false, prune: false, cancel);
        story.Expect("manifests created", Documents, applied.Count(one => one.Change == AppliedChange.Created));
        story.Expect("connections and tables that could not be checked", 0, applied.Count(one => one.Note?.StartsWith("not ", StringComparison.Ordinal) == true));
        var again = await manifests.ApplyAsync(files, dryRun: false, prune: false, cancel);
        story.Expect("manifests unchanged when applied again", Documents, again.Count(one => one.Change == AppliedChange.Unchanged));

        story.Say("监管事项库 and 双随机抽查计划 are exchanged first: inspections are checked against them.");
        var results = await story.SyncAsync(["supervision-item-to-market", "double-random-plan-to-centre"], cancel);
        story.Expect("监管事项 at 市监局", SupervisionCatalogue.MarketItems.Count + SupervisionCatalogue.HealthItems.Count,
            await province.Market.CountAsync($"SELECT count(*) FROM {SupervisionCatalogue.Items}", cancel));
        story.Expect("双随机计划 at 大数据中心", SupervisionCatalogue.PlanIds.Count, await province.Centre.CountAsync($"SELECT count(*) FROM {SupervisionCatalogue.Plans}", cancel));
        story.Expect("rows rejected", 0, results.Sum(result => result.Rejected));
    }
}
