using System.Text;
using Exchange.Bus.Quality.Rules;
using Exchange.Samples.Generation;
using Exchange.Samples.Identifiers;
using Exchange.Samples.Inspections;
using Exchange.Samples.Licences;

namespace Exchange.UnitTests.Samples;

/// <summary>The example province claims to know which of its rows are broken. The hub's own rules, written apart, must agree.</summary>
[TestClass]
public sealed class GeneratedDataTests
{
    const int Seed = 7, Many = 1_200;

    static readonly DateOnly Today = new(2026, 7, 1);

    [TestMethod]
    [DataRow("91", "990100", "MA9X0007", "91990100MA9X000707")]
    [DataRow("11", "990000", "00000101", "11990000000001011Q")]
    [DataRow("12", "990000", "00000404", "12990000000004044P")]
    public void Codes_of_the_sample_domain_are_made_as_they_stand_there(string category, string division, string body, string code) =>
        Assert.AreEqual(code, CreditCodes.Make(category, division, body));

    [TestMethod]
    public void Every_enterprise_has_a_valid_credit_code_of_its_own()
    {
        var codes = Bodies.Enterprises(new Draw(Seed), Many).Select(enterprise => enterprise.CreditCode).ToList();
        foreach (var code in codes) Assert.IsNull(UnifiedSocialCreditCode.Check(code), code);
        Assert.AreEqual(Many, codes.Distinct().Count());
    }

    [TestMethod]
    public void A_credit_code_broken_on_purpose_is_refused()
    {
        foreach (var enterprise in Bodies.Enterprises(new Draw(Seed), Many))
        {
            var broken = CreditCodes.Break(enterprise.CreditCode);
            Assert.IsFalse(CreditCodes.IsValid(broken));
            Assert.IsNotNull(UnifiedSocialCreditCode.Check(broken), broken);
        }
    }

    [TestMethod]
    [DataRow("990101198001010014")]
    [DataRow("990101198512310027")]
    [DataRow("990101199006060031")]
    public void Citizen_numbers_of_the_sample_domain_are_valid(string id) => Assert.IsTrue(CitizenIds.IsValid(id));

    [TestMethod]
    public void Citizen_numbers_are_valid_and_those_broken_on_purpose_are_refused()
    {
        var draw = new Draw(Seed);
        for (var number = 0; number < Many; number++)
        {
            var id = Bodies.CitizenId(draw);
            Assert.IsTrue(CitizenIds.IsValid(id));
            Assert.IsNull(CitizenId.Check(Encoding.UTF8.GetBytes(id), Today), id);
            Assert.IsNotNull(CitizenId.Check(Encoding.UTF8.GetBytes(CitizenIds.Break(id)), Today));
        }
    }

    [TestMethod]
    public void The_same_seed_gives_the_same_rows()
    {
        CollectionAssert.AreEqual(Inspections(Seed).ToList(), Inspections(Seed).ToList());
        CollectionAssert.AreNotEqual(Inspections(Seed).ToList(), Inspections(Seed + 1).ToList());
        CollectionAssert.AreEqual(Licences().ToList(), Licences().ToList());
    }

    [TestMethod]
    public void Inspections_are_right_until_they_are_broken_in_one_way()
    {
        foreach (var good in Inspections(Seed))
        {
            Assert.IsEmpty(Wrong(good).ToList(), good.Code);
            foreach (var defect in Enum.GetValues<InspectionDefect>())
                CollectionAssert.AreEqual(new[] { defect }, Wrong(InspectionGenerator.Break(good, defect)).ToList());
        }
    }

    [TestMethod]
    public void Licences_are_in_the_form_of_the_old_system()
    {
        foreach (var licence in Licences())
        {
            StringAssert.Matches(licence.Decided, new("^[0-9]{4}/[0-9]{2}/[0-9]{2}$"));
            Assert.IsTrue(CreditCodes.IsValid(licence.PartyCode));
            Assert.IsTrue(licence.Ends is null || string.CompareOrdinal(licence.Ends, licence.Decided) > 0);
        }
    }

    /// <summary>What is wrong with an inspection, told by looking at it.</summary>
    static IEnumerable<InspectionDefect> Wrong(Inspection row)
    {
        if (!CreditCodes.IsValid(row.PartyCode)) yield return InspectionDefect.CreditCode;
        if (SupervisionCatalogue.HealthItems.All(item => item.Code != row.ItemCode)) yield return InspectionDefect.UnknownItem;
        if (row is { Mode: "1", Plan: null }) yield return InspectionDefect.NoPlan;
        if (row.Plan is { } plan && !SupervisionCatalogue.PlanIds.Contains(plan)) yield return InspectionDefect.UnknownPlan;
        if (row.Submitted < row.Checked) yield return InspectionDefect.SubmittedEarly;
        if (row.Name.Length == 0) yield return InspectionDefect.NoName;
        if (row.Result is not ("1" or "2" or "3")) yield return InspectionDefect.UnknownResult;
    }

    static IEnumerable<Inspection> Inspections(int seed)
    {
        var generator = new InspectionGenerator(new Draw(seed), new Inspector("示例省卫生健康委员会", "11990000000001011Q", "WJ"), SupervisionCatalogue.HealthItems, SupervisionCatalogue.PlanIds, Bodies.Enterprises(new Draw(seed), 50));
        return [.. Enumerable.Range(1, 200).Select(generator.Make)];
    }

    static IEnumerable<Licence> Licences()
    {
        var generator = new LicenceGenerator(new Draw(Seed), Bodies.Enterprises(new Draw(Seed), 50));
        return [.. Enumerable.Range(1, 200).Select(generator.Make)];
    }
}
