using Exchange.Bus.Catalogue.Schema;

namespace Exchange.Bus.Catalogue.Kinds;

internal static class DepartmentSchema
{
    static readonly Field<string> Uscc = new("uscc", Scalars.Text, "Unified social credit code (GB 32100), 18 characters; its check digits are checked.", required: true);
    static readonly Field<string> Region = new("region", Scalars.Text, "Administrative division code (GB/T 2260), for example 230000.");

    public static KindSchema Kind { get; } = new KindSchema<Department>(
        ManifestKind.Department,
        "departments",
        "A department that provides or receives.",
        new RecordShape<Department>("Department spec", [Uscc, Region], values => new Department
        {
            Name = values.Name,
            Title = values.Title,
            Uscc = values.Required(Uscc),
            Region = values.Optional(Region),
        }),
        department => [("USCC", department.Uscc), ("REGION", department.Region ?? "")]);
}
