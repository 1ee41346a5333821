namespace Exchange.ArchitectureTests;

/// <summary>Who may depend on whom. Each rule is shown to fail on a deliberate violator.</summary>
[TestClass]
public sealed class WallTests
{
    const string Contracts = "Exchange.Contracts", Storage = "Exchange.Storage", Host = "Exchange.Host";

    static readonly string[] Drivers = ["Npgsql", "MySqlConnector", "Microsoft.Data.Sqlite", "Microsoft.Data.SqlClient"];

    [TestMethod]
    public void Projects_refer_only_downwards() =>
        Holds(References(Sources.Projects()), "modules that know each other cannot run apart; only the host knows all, and nothing knows the host");

    [TestMethod]
    [DataRow("Exchange.Bus", "Exchange.Adapters")]
    [DataRow("Exchange.Contracts", "Exchange.Storage")]
    [DataRow("Exchange.Storage", "Exchange.Bus")]
    [DataRow("Exchange.Adapters", "Exchange.Host")]
    public void A_project_that_refers_sideways_or_upwards_is_found(string from, string to) =>
        Assert.AreEqual(1, References([new ProjectFile(from, $"X/{from}/{from}.csproj", [to])]).Count());

    [TestMethod]
    public void Database_drivers_are_used_only_by_storage_and_the_database_adapter() =>
        // The samples play the departments' own systems, which stand outside the hub and speak to their databases directly.
        Holds(UsesOutside(Sources.Product(), Drivers, path => path.StartsWith("samples/", StringComparison.Ordinal) || path.StartsWith("Bus/Exchange.Storage/", StringComparison.Ordinal) || path.StartsWith("Adapters/Exchange.Adapters/Database/", StringComparison.Ordinal)),
            "an engine's ways must not leak: all else speaks to ports that every engine's contract suite covers");

    [TestMethod]
    public void Rebus_is_used_only_by_messaging_and_handlers() =>
        Holds(UsesOutside(Sources.Product(), ["Rebus"], MayUseRebus), "a message is a wake-up; the work behind it must run without a bus");

    [TestMethod]
    public void Quartz_is_used_only_by_scheduling() =>
        Holds(UsesOutside(Sources.Product(), ["Quartz"], path => path.StartsWith("Bus/Exchange.Bus/Scheduling/", StringComparison.Ordinal)),
            "one place says what a cron expression means");

    [TestMethod]
    public void A_driver_or_a_bus_in_the_wrong_place_is_found()
    {
        var violator = new SourceFile("Bus/Exchange.Bus/Log/ResourceLog.cs", "using Npgsql;\nusing Rebus.Bus;\n");
        Assert.AreEqual(1, UsesOutside([violator], Drivers, _ => false).Count());
        Assert.AreEqual(1, UsesOutside([violator], ["Rebus"], MayUseRebus).Count());
        Assert.AreEqual(1, UsesOutside([violator with { Text = "using Quartz;\n" }], ["Quartz"], _ => false).Count());
        Assert.AreEqual(0, UsesOutside([violator with { Path = "Bus/Exchange.Bus/Messaging/Queue.cs" }], ["Rebus"], MayUseRebus).Count());
    }

    static void Holds(IEnumerable<string> violations, string because) => Assert.AreEqual("", string.Join('\n', violations), $"because {because}");

    static IEnumerable<string> References(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where !project.Path.StartsWith("tests/", StringComparison.Ordinal) && project.Name != Host
        from reference in project.References
        where !Allowed(project.Name).Contains(reference)
        select $"{project.Name} refers to {reference}";

    static string[] Allowed(string project) => project switch
    {
        Contracts => [],
        Storage => [Contracts],
        _ => [Contracts, Storage],
    };

    static bool MayUseRebus(string path) =>
        path.StartsWith("Bus/Exchange.Bus/Messaging/", StringComparison.Ordinal) || path.EndsWith("Handler.cs", StringComparison.Ordinal) || path.EndsWith("Saga.cs", StringComparison.Ordinal);

    static IEnumerable<string> UsesOutside(IEnumerable<SourceFile> files, string[] libraries, Func<string, bool> allowed) =>
        from file in files
        where !allowed(file.Path)
        let used = libraries.FirstOrDefault(library => file.Text.Split('\n').Any(line => line.StartsWith($"using {library};", StringComparison.Ordinal) || line.StartsWith($"using {library}.", StringComparison.Ordinal)))
        where used is not null
        select $"{file.Path} uses {used}";
}
