using System.Globalization;
using Exchange.Samples.FrontEnd;

namespace Exchange.Samples.Inspections;

/// <summary>The data centre's catalogue of supervision items (监管事项库) and its plans of inspections drawn by lot (双随机).</summary>
internal static class SupervisionCatalogue
{
    public const string Items = "jg_supervise_item", Plans = "jg_double_random_plan";

    static readonly string[] MarketSubjects = ["食品安全", "药品经营", "特种设备", "计量器具", "广告", "价格", "餐饮服务", "化妆品", "医疗器械", "知识产权"];
    static readonly string[] HealthSubjects = ["医疗机构执业", "公共场所卫生", "生活饮用水", "放射诊疗", "消毒产品", "职业卫生", "学校卫生", "母婴保健", "采供血", "传染病防治"];
    static readonly string[] Works = ["日常监督检查", "专项检查"];

    /// <summary>Items of market regulation.</summary>
    public static IReadOnlyList<(string Code, string Name)> MarketItems { get; } = Make("31", MarketSubjects);

    /// <summary>Items of the health commission.</summary>
    public static IReadOnlyList<(string Code, string Name)> HealthItems { get; } = Make("33", HealthSubjects);

    public static IReadOnlyList<string> PlanIds { get; } = [.. Enumerable.Range(1, 12).Select(PlanId)];

    public static string PlanId(int number) => string.Create(CultureInfo.InvariantCulture, $"SSJ-2026-{number:000}");

    public static async Task CreateAsync(FrontEndFile centre, CancellationToken cancel)
    {
        await centre.ExecuteAsync($"CREATE TABLE {Items} (item_code CHAR(14) NOT NULL PRIMARY KEY, item_name VARCHAR(200) NOT NULL, in_force VARCHAR(1) NOT NULL)", cancel);
        await centre.InsertAsync(Items, ["item_code", "item_name", "in_force"], MarketItems.Concat(HealthItems).Select(item => (IReadOnlyList<object?>)[item.Code, item.Name, "1"]), cancel);
    }

    /// <summary>Plans are made by market regulation for all departments.</summary>
    public static async Task CreatePlansAsync(FrontEndFile market, CancellationToken cancel)
    {
        await market.ExecuteAsync($"CREATE TABLE {Plans} (plan_id VARCHAR(50) NOT NULL PRIMARY KEY, plan_name VARCHAR(200) NOT NULL, begins DATE NOT NULL)", cancel);
        await market.InsertAsync(Plans, ["plan_id", "plan_name", "begins"], PlanIds.Select((id, at) => (IReadOnlyList<object?>)
            [id, $"2026年第{at + 1}批双随机、一公开抽查", string.Create(CultureInfo.InvariantCulture, $"2026-{at + 1:00}-01")]), cancel);
    }

    static IReadOnlyList<(string, string)> Make(string branch, string[] subjects) => [.. subjects.SelectMany((subject, at) => Works.Select((work, kind) =>
        (string.Create(CultureInfo.InvariantCulture, $"{branch}06{at + 1:0000}{kind + 1:000000}"), subject + work)))];
}
