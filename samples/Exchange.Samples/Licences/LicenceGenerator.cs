using System.Globalization;
using Exchange.Samples.Generation;
using Exchange.Samples.Identifiers;

namespace Exchange.Samples.Licences;

/// <summary>Makes licences of the health commission. Not safe for concurrent use.</summary>
internal sealed class LicenceGenerator(Draw draw, IReadOnlyList<Enterprise> parties)
{
    /// <summary>A category that the new list has no code for: the CodeMap lacks it until somebody decides.</summary>
    public const string UnmappedCategory = "备案";

    const string Authority = "示例省卫生健康委员会";

    static readonly (string Project, string Category, string Content)[] Projects =
    [
        ("医疗机构执业登记", "登记", "准予执业，诊疗科目见副本"),
        ("公共场所卫生许可", "普通", "准予从事公共场所经营活动"),
        ("饮用水供水单位卫生许可", "普通", "准予集中式供水"),
        ("放射诊疗许可", "普通", "准予开展X射线影像诊断"),
        ("医师执业注册", "认可", "准予注册，执业类别：临床"),
        ("消毒产品生产企业卫生许可", "核准", "准予生产消毒产品"),
        ("单采血浆站设置审批", "特许", "准予设置"),
        ("涉水产品卫生许可", "其他", "准予生产"),
    ];

    public Licence Make(int number)
    {
        var (project, party) = (draw.Of(Projects), draw.Of(parties));
        var decided = draw.Day(new DateOnly(2024, 1, 2), new DateOnly(2026, 6, 30));
        return new Licence
        {
            DocumentNumber = string.Create(CultureInfo.InvariantCulture, $"示卫许字〔{decided.Year}〕第{number:00000}号"),
            Project = project.Project,
            Category = project.Category,
            Content = project.Content,
            Party = party.Name,
            PartyCode = party.CreditCode,
            OrganisationCode = draw.Chance(0.5) ? party.CreditCode[8..17] : null,
            RegistrationNumber = draw.Chance(0.4) ? string.Create(CultureInfo.InvariantCulture, $"9901{draw.Below(100_000_000):00000000000}") : null,
            TaxNumber = draw.Chance(0.3) ? party.CreditCode : null,
            CitizenId = draw.Chance(0.3) ? Bodies.CitizenId(draw) : null,
            LegalPerson = party.LegalPerson,
            Decided = Text(decided),
            Ends = draw.Chance(0.35) ? null : Text(decided.AddYears(4)),
            Authority = Authority,
            State = draw.Chance(0.95) ? "0" : "1",
            Area = party.Division,
            Stamp = Stamp(decided.ToDateTime(new TimeOnly(9 + draw.Below(9), draw.Below(60), draw.Below(60)))),
            Remark = draw.Chance(0.05) ? "换发" : null,
        };
    }

    public Licence Break(Licence good, LicenceDefect defect) => defect switch
    {
        LicenceDefect.CreditCode => good with { PartyCode = CreditCodes.Break(good.PartyCode) },
        LicenceDefect.CitizenId => good with { CitizenId = CitizenIds.Break(Bodies.CitizenId(draw)) },
        LicenceDefect.NoSuchDay => good with { Decided = good.Decided[..4] + "/02/30" },
        LicenceDefect.EndsEarly => good with { Ends = "2020/12/31" },
        _ => throw new ArgumentOutOfRangeException(nameof(defect), defect, null),
    };

    public static string Text(DateOnly day) => day.ToString("yyyy/MM/dd", CultureInfo.InvariantCulture);

    public static string Stamp(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
