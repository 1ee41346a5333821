using System.Diagnostics;
using System.Globalization;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>`./test --soak MINUTES`: nodes that are killed, frozen and woken at random under load.</summary>
[TestClass]
[DoNotParallelize] // several processes each, and times that are measured
public sealed class SoakTests
{
    const int Nodes = 3;

    /// <summary>A short one where nobody asks for more.</summary>
    static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task After_random_kills_under_load_the_targets_equal_the_sources()
    {
        var asked = Environment.GetEnvironmentVariable("EXCHANGE_TEST_SOAK");
        var duration = asked is { Length: > 0 } ? TimeSpan.FromMinutes(double.Parse(asked, CultureInfo.InvariantCulture)) : Shortest;
        var seed = asked is { Length: > 0 } ? Environment.TickCount : 4711;
        var random = new Random(seed);
        await using var province = await Province.CreateAsync("postgresql");
        var nodes = Enumerable.Range(0, Nodes).Select(_ => HubNode.Start(province.Hub)).ToList();
        var (kills, freezes) = (0, 0);
        try
        {
            await using var writers = province.Write(3);
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
            {
                await Task.Delay(random.Next(500, 4_000));
                var at = random.Next(Nodes);
                if (random.Next(2) == 0)
                {
                    nodes[at].Kill();
                    nodes[at].Dispose();
                    nodes[at] = HubNode.Start(province.Hub);
                    kills++;
                }
                else
                {
                    nodes[at].Freeze();
                    await Task.Delay(random.Next(500, 12_000));
                    nodes[at].Wake();
                    freezes++;
                }
            }

            await writers.EndAsync();
            TestContext.WriteLine($"seed {seed}: {kills} kills, {freezes} freezes, {writers.Committed} transactions");
            await province.EqualAsync();
            foreach (var node in nodes) await node.EndAsync();
        }
        finally
        {
            foreach (var node in nodes) node.Dispose();
        }
    }
}
