using System.Diagnostics;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>Waiting for what another process will do.</summary>
internal static class Probe
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks again until the sample is as wanted; past the deadline the test fails with the last sample.</summary>
    public static async Task UntilAsync<T>(string what, Func<Task<T>> sample, Func<T, bool> wanted, TimeSpan? pause = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var last = await sample();
            if (wanted(last)) return;
            Assert.IsLessThan(Deadline, clock.Elapsed, $"{what}; last seen: {(last is System.Collections.IEnumerable many and not string ? string.Join("; ", many.Cast<object>()) : last)}");
            await Task.Delay(pause ?? Pause);
        }
    }
}
