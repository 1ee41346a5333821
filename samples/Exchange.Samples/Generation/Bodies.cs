using System.Globalization;
using Exchange.Samples.Identifiers;

namespace Exchange.Samples.Generation;

/// <summary>An enterprise of the example province.</summary>
internal sealed record Enterprise(string Name, string CreditCode, string LegalPerson, string Division, string Address);

/// <summary>Believable names and addresses. All of them are made up: the places do not exist, and division 99… belongs to nobody.</summary>
internal static class Bodies
{
    public static IReadOnlyList<string> Divisions { get; } = ["990101", "990102", "990103", "990104", "990105"];

    static readonly string[] Districts = ["东湖区", "西山区", "南苑区", "北塘区", "中城区"];
    static readonly string[] Streets = ["和平路", "建设路", "新华街", "人民大道", "文昌路", "解放街", "学府路", "滨河东路", "科技二街", "长宁巷"];
    static readonly string[] First = ["安", "康", "仁", "瑞", "华", "益", "德", "盛", "宏", "嘉", "鑫", "源", "明", "佳", "博", "泰"];
    static readonly string[] Second = ["和", "宁", "民", "祥", "茂", "达", "丰", "信", "远", "悦", "诚", "健", "宜", "福", "通", "润"];
    static readonly string[] Trades = ["诊所", "口腔门诊部", "大药房", "餐饮", "食品", "医疗器械", "生物科技", "养老服务", "化妆品", "物业服务", "饮用水", "酒店管理"];
    static readonly string[] Surnames = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨", "欧阳", "司马"];
    static readonly string[] Given = ["明", "丽", "建国", "晓东", "静", "志强", "雨桐", "文博", "海燕", "思远", "玉兰", "子涵", "俊", "春梅", "立新", "浩然"];

    public static string Person(Draw draw) => draw.Of(Surnames) + draw.Of(Given);

    public static string CitizenId(Draw draw) => CitizenIds.Make(draw.Of(Divisions), draw.Day(new DateOnly(1956, 1, 1), new DateOnly(2004, 12, 31)), 1 + draw.Below(998));

    public static IReadOnlyList<Enterprise> Enterprises(Draw draw, int count) => [.. Enumerable.Range(0, count).Select(number =>
    {
        var place = draw.Below(Divisions.Count);
        return new Enterprise(
            $"示例市{draw.Of(First)}{draw.Of(Second)}{draw.Of(Trades)}有限公司",
            CreditCodes.Make("91", Divisions[place], string.Create(CultureInfo.InvariantCulture, $"MA9X{number:0000}")),
            Person(draw),
            Divisions[place],
            string.Create(CultureInfo.InvariantCulture, $"示例省示例市{Districts[place]}{draw.Of(Streets)}{1 + draw.Below(299)}号"));
    })];
}
