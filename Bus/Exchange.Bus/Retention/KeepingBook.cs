using System.Globalization;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Retention;

/// <summary>How long things are kept: in the store, so that all nodes agree on it. Safe for concurrent callers.</summary>
internal sealed class KeepingBook(IStore store)
{
    const string Keep = "log_keep_seconds", Budget = "log_budget_bytes", RunKeep = "run_keep_seconds", ContentsKeep = "contents_keep_seconds";

    /// <summary>A week of rows to look back at; of runs as much as a yearly report asks for.</summary>
    static readonly LogKeeping Default = new(TimeSpan.FromDays(7), null, TimeSpan.FromDays(400));

    public async Task<LogKeeping> ReadAsync(CancellationToken cancel)
    {
        var values = (await store.ReadAsync(session => session.QueryAsync("SELECT name, value FROM bus_hub", row => (Name: row.GetString(0), Value: row.GetString(1)), cancel), cancel))
            .ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);
        return new LogKeeping(Seconds(Keep) ?? Default.Keep, Number(Budget), Seconds(RunKeep) ?? Default.RunKeep) { ContentsKeep = Seconds(ContentsKeep) ?? Default.ContentsKeep };

        long? Number(string name) => values.TryGetValue(name, out var text) && text.Length > 0 ? long.Parse(text, CultureInfo.InvariantCulture) : null;
        TimeSpan? Seconds(string name) => Number(name) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    public Task SetAsync(LogKeeping keeping, CancellationToken cancel) => store.WriteAsync(async session =>
    {
        foreach (var (name, value) in new[] { (Keep, (long?)keeping.Keep.TotalSeconds), (Budget, keeping.Budget), (RunKeep, (long?)keeping.RunKeep.TotalSeconds), (ContentsKeep, (long?)keeping.ContentsKeep.TotalSeconds) })
            await session.ExecuteAsync("INSERT INTO bus_hub (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", cancel,
                ("name", name), ("value", value?.ToString(CultureInfo.InvariantCulture) ?? ""));
        return 0;
    }, cancel);
}
