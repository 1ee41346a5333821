using Exchange.Contracts.Operations;
using Exchange.Host.Composition;

namespace Exchange.Host.Commands;

/// <summary>Logs of resources: `get log`, `get log RESOURCE`.</summary>
internal sealed class ShownLogs : IShownKind
{
    public IReadOnlyList<string> Names { get; } = ["log", "logs"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) =>
        [.. (await hub.Get<ILogs>().ListAsync(name, cancel)).Select(log => Shown.Entry(new Dictionary<string, string>
        {
            ["RESOURCE"] = log.Resource,
            ["NEWEST"] = Shown.N(log.Newest),
            ["KEPT"] = Shown.N(log.Kept),
            ["FROM"] = log.OldestKept == 0 ? "-" : Shown.N(log.OldestKept),
            ["BYTES"] = Shown.N(log.Bytes),
            ["CONTENTS"] = Shown.N(log.Contents),
            ["DROPPED"] = Shown.N(log.Dropped),
            ["FULL AT"] = log.FullStart == 0 ? "-" : Shown.N(log.FullStart),
            ["NEEDED BY"] = log.NeededBy ?? "",
        }, log))];
}
