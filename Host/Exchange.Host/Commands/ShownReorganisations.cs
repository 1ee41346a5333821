using Exchange.Contracts.Operations;
using Exchange.Host.Composition;

namespace Exchange.Host.Commands;

/// <summary>Re-organised full updates: `get reorganisations`, `get reorganisations RESOURCE`.</summary>
internal sealed class ShownReorganisations : IShownKind
{
    const int Most = 50;

    public IReadOnlyList<string> Names { get; } = ["reorganisation", "reorganisations"];

    public async Task<IReadOnlyList<ShownEntry>> ReadAsync(Hub hub, string kind, string? name, CancellationToken cancel) =>
        [.. (await hub.Get<IReorganisations>().ListAsync(name, Most, cancel)).Select(entry => Shown.Entry(new Dictionary<string, string>
        {
            ["ID"] = Shown.N(entry.Id),
            ["RESOURCE"] = entry.Resource,
            ["REASON"] = entry.Reason,
            ["STATE"] = entry.State,
            ["SINCE"] = Shown.Time(entry.Since),
            ["NOTICE"] = entry.NotifiedBy ?? "",
            ["READ"] = Shown.N(entry.Read),
            ["ACCEPTED"] = Shown.N(entry.Accepted),
            ["REJECTED"] = Shown.N(entry.Rejected),
            ["SUBSCRIBERS"] = string.Join(", ", entry.Switches.Select(Switch)),
            ["WHY"] = entry.Detail,
        }, entry))];

    /// <summary>name: rows at the target, and duplicates where there are any.</summary>
    static string Switch(SwitchView target) =>
        $"{target.Subscription}: {(target.Switched ? $"{target.Rows} rows{(target.Duplicates > 0 ? $", {target.Duplicates} duplicates" : "")}" : "not yet")}";
}
