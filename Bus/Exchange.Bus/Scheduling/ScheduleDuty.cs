using Exchange.Bus.Catalogue;
using Exchange.Bus.Exchanges;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Scheduling;

/// <summary>Keeps the schedules: follows the catalogue, makes due fires, and starts the readings that wait, under the name that <see cref="ChangeDuty"/> gives to the reading of a resource.</summary>
internal sealed class ScheduleDuty(ICatalogue catalogue, ScheduleBook book, ReadingBook readings, ScheduleKeeper keeper, ScheduledReading reading, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Longest time between two looks: how soon an apply, or a reading that a dead node has left, is seen.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            var picture = await book.ReadAsync(stopping);
            var began = time.GetTimestamp();
            var next = await keeper.LookAsync(await catalogue.ReadAsync(stopping), picture, stopping);
            foreach (var resource in await readings.OpenAsync(picture.Now, stopping))
                board.Start($"resource {resource}", token => ReadAsync(resource, token), stopping);
            var pause = next - picture.Now - time.GetElapsedTime(began) ?? LongestPause;
            await Task.Delay(pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause, time, stopping);
        }
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel)
    {
        await reading.RunAsync(resource, cancel);
        return null; // how it is tried again stands in the store, for all nodes
    }
}
