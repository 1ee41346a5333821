using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Exchange.Host.Commands;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>What tests start is what users start.</summary>
[TestClass]
public sealed class HostProgramTests
{
    [TestMethod]
    public void Tests_start_the_host_of_their_own_build()
    {
        using var program = new PEReader(File.OpenRead(HubProcess.Built));
        var metadata = program.GetMetadataReader();
        Assert.AreEqual(typeof(ExchangeCommandLine).Module.ModuleVersionId, metadata.GetGuid(metadata.GetModuleDefinition().Mvid));
    }

#if !DEBUG
    [TestMethod]
    [DataRow("exchange")]
    [DataRow("Exchange.Bus")]
    [DataRow("Exchange.Adapters")]
    [DataRow("Npgsql")]
    [DataRow("System.CommandLine")]
    public void A_release_is_compiled_ahead(string assembly)
    {
        using var image = new PEReader(File.OpenRead(Path.Combine(Path.GetDirectoryName(HubProcess.Built)!, assembly + ".dll")));
        // Partition II 25.3.3: of a plain assembly this directory is empty; a ReadyToRun image keeps its code there.
        Assert.AreNotEqual(0, image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
    }
#endif
}
