using Exchange.AcceptanceTests.Hubs;
using Exchange.AcceptanceTests.Nodes;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Faults;

/// <summary>A hub whose machine's clock is set: back, while it runs and while it does not, and forth. The clock of the real process is set by libfaketime; the databases keep the true one.</summary>
[TestClass]
[DoNotParallelize] // times that are measured
public sealed class ClockTests
{
    /// <summary>What a change may take after the clock was set, with a lease of a hub that died in between.</summary>
    static readonly TimeSpan Taken = TimeSpan.FromSeconds(25);

    static readonly FrontTable Table = FrontTable.Of("t", "id", ("id", "int64"), ("name", "string(40)"));

    [TestMethod]
    [DataRow("sqlite", "changelog")]
    [DataRow("postgresql", "changelog")]
    [DataRow("postgresql", "wal")]
    public async Task A_clock_that_is_set_back_and_forth_costs_seconds_and_no_row(string store, string mode)
    {
        await using var database = store == "postgresql" ? await TestDatabase.CreateAsync("postgresql") : null;
        await using var source = await FrontEnd.CreateAsync("postgresql");
        await using var target = await FrontEnd.CreateAsync("postgresql");
        using var hub = new TestHub { Store = database?.ConnectionString };
        await source.CreateAsync(Table);
        await source.InsertAsync(Table, ["0", "before"]);
        await hub.ApplyAsync(TestHub.Connections(("source", source), ("target", target)), TestHub.Resource("r", Table, $"mode: {mode}"), TestHub.Subscription("s", "r", "copy"));
        await hub.SyncAsync();

        var offset = Path.Combine(hub.Process.Folder, "clock");
        void Set(string by) => File.WriteAllText(offset, by);
        Set("+0");
        foreach (var (name, value) in new[] { ("LD_PRELOAD", Library()), ("FAKETIME_TIMESTAMP_FILE", offset), ("FAKETIME_CACHE_DURATION", "1"), ("NO_FAKE_STAT", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1") })
            hub.Process.Environment[name] = value;
        var row = 0;
        async Task DeliveredAsync(string when)
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            await source.InsertAsync(Table, [$"{++row}", when]);
            var expected = await source.LinesAsync(Table);
            await Probe.UntilAsync($"delivered {when}", () => target.LinesAsync(Table with { Name = "copy" }), lines => lines.SequenceEqual(expected));
            Assert.IsLessThan(Taken, clock.Elapsed, when);
        }

        using (var node = HubNode.Start(hub))
        {
            await DeliveredAsync("by the true time");
            Set("-3h");
            await DeliveredAsync("set back by three hours");
            Set("+3h");
            await DeliveredAsync("set forth by six");
            node.Kill(); // its leases end three hours from now, by its own clock
        }

        Set("-1d");
        using (var node = HubNode.Start(hub))
        {
            await DeliveredAsync("begun anew a day before");
            await source.UpdateAsync(Table, ["0"], ("name", "changed"));
            await source.DeleteAsync(Table, "1");
            await DeliveredAsync("and all the rest");
            node.Kill(); // in this library blocking waits with a limit end at once, the one for a good end among them
        }
    }

    static string Library() => Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).First();
}
