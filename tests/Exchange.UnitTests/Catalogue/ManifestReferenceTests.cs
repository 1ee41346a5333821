using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Exchange.Bus.Catalogue.Kinds;
using Exchange.Bus.Catalogue.Schema;

namespace Exchange.UnitTests.Catalogue;

/// <summary>docs/reference/manifests.md is made from the schema: EXCHANGE_WRITE_REFERENCE=1 writes it, the test compares it.</summary>
[TestClass]
public sealed class ManifestReferenceTests
{
    [TestMethod]
    public void The_reference_says_what_the_schema_says()
    {
        var path = Path.Combine(Root(), "docs", "reference", "manifests.md");
        var text = Reference();
        if (Environment.GetEnvironmentVariable("EXCHANGE_WRITE_REFERENCE") is { Length: > 0 })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        Assert.AreEqual(text, File.ReadAllText(path), "run the unit tests with EXCHANGE_WRITE_REFERENCE=1 and commit the file");
    }

    static string Reference()
    {
        var text = new StringBuilder("""
            # Manifests

            Made from the schema that reads them; a test compares. YAML 1.2 or JSON, UTF-8, several documents a file (`---`), at most 5 MB a file and 32 levels.

            - The schema, not the spelling, gives a scalar its type: `no`, `01` and `1e3` are text where text is asked. Unquoted nothing, `~` and `null` mean "not given".
            - `${NAME}` takes an environment variable anywhere in a value; `$${` is a literal `${`. The value that was in force at `apply` is kept, protected.
            - A literal secret is exported as `unchanged`, and `unchanged` keeps it.
            - `exchange apply` reports every problem of every document as `file:line: message` and changes nothing when there is one.
            - Inside `{ }` a value with a comma needs quotes: `type: "decimal(12,2)"`.

            Each document has `apiVersion: exchange/v1` (may be left out), `kind`, `metadata` and `spec`.

            ## metadata


            """);
        Table(text, Envelope.MetadataRecord);
        foreach (var kind in ManifestKinds.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {kind.Kind}\n\n{kind.Doc} `exchange get {kind.Plural}` lists them.\n\n");
            var described = new HashSet<IRecordShape>();
            Records(text, kind.Spec, "spec", described);
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    static void Records(StringBuilder text, IRecordShape record, string place, HashSet<IRecordShape> described)
    {
        if (!described.Add(record)) return;
        text.Append(CultureInfo.InvariantCulture, $"`{place}`\n\n");
        Table(text, record);
        foreach (var field in record.Fields)
        foreach (var inner in field.Shape.Records)
            Records(text, inner, $"{place}.{field.Name}", described);
    }

    static void Table(StringBuilder text, IRecordShape record)
    {
        text.Append("| key | value | |\n|---|---|---|\n");
        foreach (var field in record.Fields)
            text.Append(CultureInfo.InvariantCulture, $"| `{field.Name}`{(field.Required ? " (required)" : "")} | {Cell(field.Shape.Describe)} | {Cell(field.Doc)} |\n");
        text.Append('\n');
    }

    static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    static string Root([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here)!;
        while (!File.Exists(Path.Combine(folder, "Exchange.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
