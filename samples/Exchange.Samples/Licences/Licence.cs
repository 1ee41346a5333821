namespace Exchange.Samples.Licences;

/// <summary>An administrative licence (行政许可) as the old system of 2016 keeps it: everything is text, dates as yyyy/MM/dd (fact 07, table frxzxk).</summary>
internal sealed record Licence
{
    public required string DocumentNumber { get; init; }
    public required string Project { get; init; }
    /// <summary>普通, 特许, …: a word, not a code.</summary>
    public required string Category { get; init; }
    public required string Content { get; init; }
    public required string Party { get; init; }
    public required string PartyCode { get; init; }
    public string? OrganisationCode { get; init; }
    public string? RegistrationNumber { get; init; }
    public string? TaxNumber { get; init; }
    public string? CitizenId { get; init; }
    public required string LegalPerson { get; init; }
    public required string Decided { get; init; }
    /// <summary>Null: without end.</summary>
    public string? Ends { get; init; }
    public required string Authority { get; init; }
    /// <summary>0 in force, 1 revoked.</summary>
    public required string State { get; init; }
    public required string Area { get; init; }
    public required string Stamp { get; init; }
    public string? Remark { get; init; }
}

/// <summary>How a licence may be wrong; one thing in a row.</summary>
internal enum LicenceDefect
{
    /// <summary>Check character of the credit code.</summary>
    CreditCode,
    /// <summary>Check character of the citizen number.</summary>
    CitizenId,
    /// <summary>30 February.</summary>
    NoSuchDay,
    /// <summary>Ends before it was decided.</summary>
    EndsEarly,
}

internal static class LicenceDefects
{
    /// <summary>The rule of the province's manifests that finds it.</summary>
    public static string Rule(this LicenceDefect defect) => defect switch
    {
        LicenceDefect.CreditCode => "uscc",
        LicenceDefect.CitizenId => "citizen-id",
        LicenceDefect.NoSuchDay => "type",
        _ => "end-after-decision",
    };
}
