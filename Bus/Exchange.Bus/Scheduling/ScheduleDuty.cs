using Exchange.Bus.Catalogue;
using Exchange.Bus.Exchanges;
using Exchange.Bus.Limits;
using Exchange.Contracts.Errors;

namespace Exchange.Bus.Scheduling;

/// <summary>Keeps the schedules: follows the catalogue, makes due fires, and starts the readings that wait, under the name that <see cref="ChangeDuty"/> gives to the reading of a resource.</summary>
internal sealed class ScheduleDuty(ICatalogue catalogue, ScheduleBook book, ReadingBook readings, ScheduleKeeper keeper, ScheduledReading reading, NodePlaces places, WorkBoard board, TimeProvider time) : IHubDuty
{
    /// <summary>Longest time between two looks: how soon an apply, or a reading that a dead node has left, is seen.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Longest time without a look at every schedule, whatever else says that nothing has changed.</summary>
    static readonly TimeSpan LongestGlances = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        (ScheduleGlance At, DateTimeOffset? Next)? looked = null;
        while (true)
        {
            var glance = await book.GlanceAsync(stopping);
            var began = time.GetTimestamp();
            if (looked is not { } last || IsWorthALook(glance, last.At, last.Next))
            {
                var picture = await book.ReadAsync(stopping) with { Now = glance.Now };
                looked = (glance, await keeper.LookAsync(await catalogue.ReadAsync(stopping), picture, stopping));
                glance = glance with { AnyOpen = true }; // what has just fired waits
            }

            if (glance.AnyOpen) await StartAsync(glance.Now, stopping);
            var pause = looked.Value.Next - glance.Now - time.GetElapsedTime(began) ?? LongestPause;
            await Task.Delay(pause < ShortestPause ? ShortestPause : pause > LongestPause ? LongestPause : pause, time, stopping);
        }
    }

    static bool IsWorthALook(ScheduleGlance now, ScheduleGlance last, DateTimeOffset? next) =>
        now.Now >= next || now.Now < last.Now || now.Now - last.Now > LongestGlances || now.CatalogueVersion != last.CatalogueVersion || now.HubZone != last.HubZone;

    async Task StartAsync(DateTimeOffset now, CancellationToken stopping)
    {
        foreach (var resource in await readings.OpenAsync(now, stopping))
            board.Start($"resource {resource}", token => ReadAsync(resource, token), stopping);
    }

    async Task<ExchangeException?> ReadAsync(string resource, CancellationToken cancel)
    {
        using var place = await places.TakeAsync(cancel);
        await reading.RunAsync(resource, place, cancel);
        return null; // how it is tried again stands in the store, for all nodes
    }
}
