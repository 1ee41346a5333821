using System.Globalization;
using Exchange.Samples.Generation;
using Exchange.Samples.Identifiers;

namespace Exchange.Samples.Inspections;

/// <param name="Name">As people read it.</param>
/// <param name="CreditCode">Of the department.</param>
/// <param name="CodePrefix">Begins the numbers of its inspections.</param>
internal sealed record Inspector(string Name, string CreditCode, string CodePrefix);

/// <summary>Makes inspections that are right, and breaks those that it is told to break. Not safe for concurrent use.</summary>
/// <param name="draw">Where chance comes from.</param>
/// <param name="by">The department.</param>
/// <param name="items">Code and name of the department's items in the catalogue of supervision items.</param>
/// <param name="plans">Plans of inspections drawn by lot.</param>
/// <param name="parties">Who is inspected.</param>
internal sealed class InspectionGenerator(Draw draw, Inspector by, IReadOnlyList<(string Code, string Name)> items, IReadOnlyList<string> plans, IReadOnlyList<Enterprise> parties)
{
    static readonly DateOnly From = new(2026, 1, 5), To = new(2026, 6, 26);

    /// <param name="number">From 1: in the inspection's code.</param>
    public Inspection Make(int number)
    {
        var (item, party) = (draw.Of(items), draw.Of(parties));
        var day = draw.Day(From, To);
        var byLot = draw.Chance(0.3);
        return new Inspection
        {
            ItemCode = item.Code,
            CheckItemCode = string.Create(CultureInfo.InvariantCulture, $"{by.CreditCode}{1 + draw.Below(5)}{draw.Below(1000):000000}"),
            Name = $"对{party.Name}的{item.Name}",
            Code = string.Create(CultureInfo.InvariantCulture, $"{by.CodePrefix}{day.Year}{number:000000}"),
            Institution = by.Name,
            InstitutionCode = by.CreditCode,
            Party = party.Name,
            PartyCode = party.CreditCode,
            Address = party.Address,
            Area = party.Division,
            Form = draw.Of(["1", "1", "1", "2", "3"]),
            Type = draw.Of(["1", "1", "2", "3"]),
            Mode = byLot ? "1" : draw.Of(["2", "3", "3"]),
            Result = draw.Of(["1", "1", "1", "1", "2", "3"]),
            Checked = day,
            Personnel = $"{Bodies.Person(draw)}、{Bodies.Person(draw)}",
            PersonnelCode = string.Create(CultureInfo.InvariantCulture, $"ZF99{draw.Below(1_000_000):000000}"),
            Submitted = day.AddDays(draw.Below(5)),
            SubmittedBy = Bodies.Person(draw),
            Plan = byLot ? draw.Of(plans) : null,
        };
    }

    /// <summary>The same inspection with exactly that defect.</summary>
    public static Inspection Break(Inspection good, InspectionDefect defect) => defect switch
    {
        InspectionDefect.CreditCode => good with { PartyCode = CreditCodes.Break(good.PartyCode) },
        InspectionDefect.UnknownItem => good with { ItemCode = "99" + good.ItemCode[2..] },
        InspectionDefect.NoPlan => good with { Mode = "1", Plan = null },
        InspectionDefect.UnknownPlan => good with { Mode = "1", Plan = "SSJ-2026-099" },
        InspectionDefect.SubmittedEarly => good with { Submitted = good.Checked.AddDays(-1) },
        InspectionDefect.NoName => good with { Name = "" },
        InspectionDefect.UnknownResult => good with { Result = "9" },
        _ => throw new ArgumentOutOfRangeException(nameof(defect), defect, null),
    };
}
