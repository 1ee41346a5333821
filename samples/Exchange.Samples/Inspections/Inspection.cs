namespace Exchange.Samples.Inspections;

/// <summary>An administrative inspection (行政检查行为) with the fields of fact 06. Dates are local.</summary>
internal sealed record Inspection
{
    /// <summary>14 digits of the catalogue of supervision items.</summary>
    public required string ItemCode { get; init; }
    /// <summary>Implementation list: 18 characters credit code, one of 1 to 5, a serial.</summary>
    public required string CheckItemCode { get; init; }
    public required string Name { get; init; }
    public required string Code { get; init; }
    public required string Institution { get; init; }
    public required string InstitutionCode { get; init; }
    public required string Party { get; init; }
    public required string PartyCode { get; init; }
    public required string Address { get; init; }
    public required string Area { get; init; }
    public required string Form { get; init; }
    public required string Type { get; init; }
    /// <summary>1: drawn by lot (双随机), which needs a plan.</summary>
    public required string Mode { get; init; }
    public required string Result { get; init; }
    public required DateOnly Checked { get; init; }
    public required string Personnel { get; init; }
    public required string PersonnelCode { get; init; }
    public required DateOnly Submitted { get; init; }
    public required string SubmittedBy { get; init; }
    public string? Plan { get; init; }
}

/// <summary>How a row may be wrong. The generator breaks one thing in a row, so each defect is to be met exactly once.</summary>
internal enum InspectionDefect
{
    /// <summary>Check character of the inspected party's credit code.</summary>
    CreditCode,
    /// <summary>Item that is not in the catalogue of supervision items.</summary>
    UnknownItem,
    /// <summary>Drawn by lot, but no plan.</summary>
    NoPlan,
    /// <summary>Drawn by lot by a plan that nobody made.</summary>
    UnknownPlan,
    /// <summary>Submitted before it took place.</summary>
    SubmittedEarly,
    /// <summary>No name.</summary>
    NoName,
    /// <summary>A result that is no code.</summary>
    UnknownResult,
}

internal static class InspectionDefects
{
    /// <summary>The rule of the province's manifests that finds it.</summary>
    public static string Rule(this InspectionDefect defect) => defect switch
    {
        InspectionDefect.CreditCode => "uscc",
        InspectionDefect.UnknownItem => "known-item",
        InspectionDefect.NoPlan => "plan-given",
        InspectionDefect.UnknownPlan => "known-plan",
        InspectionDefect.SubmittedEarly => "date-order",
        InspectionDefect.NoName => "required",
        _ => "code-set",
    };

    /// <summary>The column whose value is wrong; null where the rule is about the row.</summary>
    public static string? Column(this InspectionDefect defect) => defect switch
    {
        InspectionDefect.CreditCode => "administrative_cp_ui_code",
        InspectionDefect.UnknownItem => "supervise_item_implement_code",
        InspectionDefect.UnknownPlan => "plan_id",
        InspectionDefect.NoName => "check_action_name",
        InspectionDefect.UnknownResult => "check_result",
        _ => null,
    };
}
