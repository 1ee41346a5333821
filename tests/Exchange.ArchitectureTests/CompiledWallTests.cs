using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Fluent.Extensions;
using ArchUnitNET.Loader;
using Exchange.Adapters;
using Exchange.Bus;
using Exchange.Contracts.Errors;
using Exchange.Host.Commands;
using Exchange.Security;
using Exchange.Storage;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Exchange.ArchitectureTests;

/// <summary>The walls between modules as the compiler left them: what types depend on, and what a module shows. Each rule is shown to fail on a deliberate violator.</summary>
[TestClass]
public sealed class CompiledWallTests
{
    static readonly Assembly Bus = typeof(BusModule).Assembly, Adapters = typeof(AdaptersModule).Assembly, Security = typeof(SecurityModule).Assembly,
        Storage = typeof(StorageModule).Assembly, Contracts = typeof(ErrorCodes).Assembly, Host = typeof(ExchangeCommandLine).Assembly;

    static readonly Architecture Loaded = new ArchLoader().LoadAssemblies(Bus, Adapters, Security, Storage, Contracts, Host).Build();

    static IEnumerable<(Assembly From, Assembly To)> Walls =>
    [
        (Bus, Adapters), (Bus, Security), (Bus, Host), (Adapters, Bus), (Adapters, Security), (Adapters, Host), (Security, Bus), (Security, Adapters), (Security, Host),
        (Storage, Bus), (Storage, Adapters), (Storage, Security), (Storage, Host), (Contracts, Storage), (Contracts, Bus), (Contracts, Adapters), (Contracts, Security), (Contracts, Host),
    ];

    [TestMethod]
    public void Modules_know_each_other_by_contracts_only()
    {
        foreach (var (from, to) in Walls)
            Assert.IsTrue(KeepsFrom(from, to).HasNoViolations(Loaded), $"{from.GetName().Name} uses {to.GetName().Name}, because modules that know each other cannot run apart");
    }

    [TestMethod]
    public void A_module_shows_its_module_class_its_options_and_its_ports() =>
        Assert.AreEqual("", string.Join('\n', new[] { Bus, Adapters, Security, Host }.SelectMany(assembly => Shown(assembly.GetExportedTypes()))), "because what is public is used, and then it can't change");

    [TestMethod]
    public void Storage_shows_no_engine() =>
        Assert.AreEqual("", string.Join('\n', Engines(Storage.GetExportedTypes())), "because a module that knows the engine writes for one");

    [TestMethod]
    public void Deliberate_violators_are_found()
    {
        Assert.IsFalse(KeepsFrom(Host, Bus).HasNoViolations(Loaded), "the host uses the bus");
        Assert.IsFalse(KeepsFrom(Bus, Storage).HasNoViolations(Loaded), "the bus uses the store");
        Assert.AreEqual(1, Shown([typeof(ShownByMistake), typeof(BusModule)]).Count());
        Assert.AreEqual(1, Engines([typeof(SqliteShownByMistake), typeof(IStore)]).Count());
    }

    static TypesShouldConjunction KeepsFrom(Assembly from, Assembly to) => Types().That().ResideInAssembly(from).Should().NotDependOnAny(Types().That().ResideInAssembly(to));

    static IEnumerable<string> Shown(IEnumerable<System.Type> types) =>
        types.Where(type => !type.IsInterface && !type.Name.EndsWith("Module", StringComparison.Ordinal) && !type.Name.EndsWith("Options", StringComparison.Ordinal)).Select(type => type.FullName!);

    static IEnumerable<string> Engines(IEnumerable<System.Type> types) =>
        types.Where(type => type.Name.StartsWith("Sqlite", StringComparison.Ordinal) || type.Name.StartsWith("PostgreSql", StringComparison.Ordinal)).Select(type => type.FullName!);

    static class ShownByMistake;

    static class SqliteShownByMistake;
}
