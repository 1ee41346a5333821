using System.Globalization;
using System.Text.Json;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Host.Composition;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>Runs: `get run`, `get run 12`.</summary>
internal sealed class ShownRuns : IShownKind
{
    const int Most = 50;

    public IReadOnlyList<string> Names { get; } = ["run", "runs"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel)
    {
        var records = hub.Get<IExchangeRecords>();
        if (name is null) return [.. (await records.RunsAsync(null, null, Most, cancel)).Select(Entry)];
        var run = long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? await records.RunAsync(id, cancel) : null;
        if (run is not null) return [Entry(run)];
        throw new ExchangeException(ErrorCodes.ManifestUnknown, Party.Caller, $"There is no run '{name}'.", "Runs are named by their numbers; `exchange get runs` lists them.");
    }

    static ShownEntry Entry(RunView run) => Shown.Entry(new Dictionary<string, string>
    {
        ["RUN"] = Shown.N(run.Id),
        ["RESOURCE"] = run.Resource,
        ["SUBSCRIPTION"] = run.Subscription ?? "-",
        ["KIND"] = run.Kind,
        ["STATE"] = run.State,
        ["STARTED"] = Shown.Time(run.Started),
        ["SECONDS"] = run.Ended is { } ended ? (ended - run.Started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) : "-",
        ["READ"] = Shown.N(run.Read),
        ["ACCEPTED"] = Shown.N(run.Accepted),
        ["REJECTED"] = Shown.N(run.Rejected),
        ["DELIVERED"] = Shown.N(run.Delivered),
        ["BYTES"] = Shown.N(run.Bytes),
        ["SOURCE MS"] = Shown.N(run.SourceMilliseconds),
        ["TARGET MS"] = Shown.N(run.TargetMilliseconds),
        ["NODE"] = run.Node,
        ["ERROR"] = run.Error ?? "",
    }, run);
}

/// <summary>Batches: `get batch`, `get batch RESOURCE`, `get batch RESOURCE/7`.</summary>
internal sealed class ShownBatches : IShownKind
{
    const int Most = 100;

    public IReadOnlyList<string> Names { get; } = ["batch", "batches"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel)
    {
        var records = hub.Get<IExchangeRecords>();
        if (name?.Split('/') is not [var resource, var number]) return [.. (await records.BatchesAsync(name, Most, cancel)).Select(Entry)];
        var batch = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? await records.BatchAsync(resource, at, cancel) : null;
        if (batch is not null) return [Entry(batch)];
        throw new ExchangeException(ErrorCodes.ManifestUnknown, Party.Caller, $"There is no batch '{name}'.", $"`exchange get batch {resource}` lists those of the resource.");
    }

    static ShownEntry Entry(BatchView batch) => Shown.Entry(new Dictionary<string, string>
    {
        ["RESOURCE"] = batch.Resource,
        ["BATCH"] = Shown.N(batch.Number),
        ["KIND"] = batch.Kind,
        ["STATE"] = batch.State,
        ["RUN"] = Shown.N(batch.Run),
        ["UPSERTS"] = Shown.N(batch.Upserts),
        ["DELETES"] = Shown.N(batch.Deletes),
        ["BYTES"] = Shown.N(batch.Bytes),
        ["APPENDED"] = Shown.Time(batch.Appended),
        ["DIGEST"] = batch.Digest[..16],
    }, batch);
}

/// <summary>Sources and subscriptions that are held: `get holds`.</summary>
internal sealed class ShownHolds : IShownKind
{
    public IReadOnlyList<string> Names { get; } = ["hold", "holds"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) =>
        [.. (await hub.Get<IExchangeRecords>().HoldsAsync(cancel)).Where(hold => name is null || hold.Name == name).Select(hold => Shown.Entry(new Dictionary<string, string>
        {
            ["KIND"] = hold.Kind,
            ["NAME"] = hold.Name,
            ["SINCE"] = Shown.Time(hold.Since),
            ["CODE"] = hold.Code,
            ["AT FAULT"] = hold.Party.ToString().ToLowerInvariant(),
            ["WHY"] = hold.Message,
            ["NEXT"] = hold.Next,
        }, hold))];
}

/// <summary>Forms that records share.</summary>
internal static class Shown
{
    public static ShownEntry Entry<T>(Dictionary<string, string> columns, T record) =>
        new(columns, JsonSerializer.Serialize(record, JsonForms.Readable), string.Concat(columns.Select(column => $"{column.Key.ToLowerInvariant().Replace(' ', '_')}: {JsonSerializer.Serialize(column.Value, JsonForms.Readable)}\n")));

    public static string N(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>UTC, to the second.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
