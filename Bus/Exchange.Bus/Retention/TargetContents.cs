using System.Globalization;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Exchanges;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Transformation;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Contracts.Rows;
using Exchange.Storage;
using Microsoft.Extensions.Logging;

namespace Exchange.Bus.Retention;

/// <summary>
/// Removes contents of attachments at targets that no row refers to any more.
/// <para>
/// What always holds: contents to which a row of a column in <c>exchange_attachment_column</c> refers, or a row of a delivery that is under way, stand whole. Batches that wait, rows in quarantine and
/// subscriptions that are held need nothing at the target: the hub keeps the contents of each batch that it keeps, rows in quarantine are read anew from their source, and a delivery sends what it does not
/// find. Killed at any moment, contents and mark stand, or neither.
/// </para>
/// <para>
/// Contents go in two rounds that are <see cref="LogKeeping.ContentsKeep"/> apart: the first marks, the second removes what still is marked, after every subscription that was entered was seen not to
/// write (<see cref="IAttachmentSweep"/> says why that is enough). Where a column can't be read, nothing of its schema is removed. Memory is bounded by <see cref="AtOnce"/> references. Safe for
/// concurrent callers, on any number of nodes and hubs.
/// </para>
/// </summary>
internal sealed partial class TargetContents(
    ICatalogue catalogue, IFrontEndDatabases databases, IRouteFactory routes, ConnectionTurns turns, ILeases leases, KeepingBook keeping, WorkBoard board, ExchangeSteps steps, TimeProvider time, ILogger<TargetContents> logger)
{
    /// <summary>References that are looked at at once; the rows of all columns are read once for each so many.</summary>
    const int AtOnce = 50_000;

    /// <summary>Between two rounds at one place, one node for all; a quarter of what contents are kept for, where that is less.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>A delivery that is under way is looked at so often, with so much between.</summary>
    const int Looks = 20;

    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Begins a round at every place where one is due, and returns; each goes its own way, so that a database that does not answer holds no other up.</summary>
    public async Task StartAsync(CancellationToken stopping)
    {
        var keep = (await keeping.ReadAsync(stopping)).ContentsKeep;
        var pause = keep / 4 < LongestPause ? keep / 4 : LongestPause;
        foreach (var place in Places(await catalogue.ReadAsync(stopping)))
        {
            // Left to run out, so that other nodes leave this round alone.
            if (pause > TimeSpan.Zero && await leases.TryAcquireAsync($"contents:{place.Name}", pause, stopping) is null) continue;
            board.Start($"contents at {place.Name}", async cancel =>
            {
                await SweepAsync(place, keep, cancel);
                return null;
            }, stopping);
        }
    }

    /// <summary>One round at one place.</summary>
    /// <returns>How many contents were removed.</returns>
    /// <exception cref="FrontEndException">A database does not answer, or a column can't be read; what was removed by then is gone, and nothing else.</exception>
    internal async Task<int> SweepAsync(ContentsPlace place, TimeSpan keep, CancellationToken cancel)
    {
        await using var database = databases.Open(place.Connection.ToFrontEnd());
        var (sweep, beside, removed) = (database.Attachments.Sweep, place.Targets[0].Table, 0);
        foreach (var target in place.Targets) await sweep.RegisterAsync(target, cancel);
        for (var after = ""; ;)
        {
            await using var turn = await turns.TakeAsync(place.Connection, null, null, cancel);
            // In this order: marks and columns as they were before every delivery was passed, rows as they are after it.
            var entries = await sweep.ListAsync(beside, after, AtOnce, cancel);
            if (entries.Count == 0) break;
            var columns = await sweep.ColumnsAsync(beside, cancel);
            var removable = entries.Any(entry => entry.MarkedAt <= Temporal.Microseconds(time.GetUtcNow() - keep)) && await PassedAsync(sweep, beside, columns, cancel);
            var used = await UsedAsync(sweep, beside, columns, entries, cancel);
            removed += await SettleAsync(sweep, beside, place, entries, used, removable ? keep : null, cancel);
            after = entries[^1].Reference;
        }

        if (removed > 0) Removed(place.Name, removed);
        return removed;
    }

    /// <summary>Marks what no row refers to, takes marks off what one refers to again, removes what may go.</summary>
    async Task<int> SettleAsync(IAttachmentSweep sweep, TableName beside, ContentsPlace place, IReadOnlyList<AttachmentEntry> entries, HashSet<string> used, TimeSpan? keep, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        await sweep.UnmarkAsync(beside, [.. entries.Where(entry => entry.MarkedAt is not null && used.Contains(entry.Reference)).Select(entry => entry.Reference)], cancel);
        string[] unused = [.. entries.Where(entry => entry.MarkedAt is null && !used.Contains(entry.Reference)).Select(entry => entry.Reference)];
        await sweep.MarkAsync(beside, unused, Temporal.Microseconds(now), cancel);
        if (unused.Length > 0) steps.Reached(ExchangeStep.ContentsMark, place.Name);
        if (keep is not { } longest) return 0;
        var removed = 0;
        foreach (var entry in entries.Where(entry => entry.MarkedAt <= Temporal.Microseconds(now - longest) && !used.Contains(entry.Reference)))
        {
            if (!await sweep.RemoveAsync(beside, entry, cancel)) continue;
            removed++;
            steps.Reached(ExchangeStep.ContentsRemove, place.Name);
        }

        return removed;
    }

    /// <summary>Which of the references rows hold.</summary>
    static async Task<HashSet<string>> UsedAsync(IAttachmentSweep sweep, TableName beside, IReadOnlyList<AttachmentColumn> columns, IReadOnlyList<AttachmentEntry> entries, CancellationToken cancel)
    {
        var asked = entries.Select(entry => entry.Reference).ToHashSet(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in columns.DistinctBy(column => (column.Table, column.Column)))
        {
            await foreach (var text in sweep.TextsAsync(beside, column, cancel))
                foreach (var reference in AttachmentReference.FindIn(text))
                    if (asked.Contains(reference)) used.Add(reference);
        }

        return used;
    }

    /// <summary>Whether every subscription was seen not to write, one after the other: a delivery that goes on for long keeps contents, and nobody else.</summary>
    async Task<bool> PassedAsync(IAttachmentSweep sweep, TableName beside, IReadOnlyList<AttachmentColumn> columns, CancellationToken cancel)
    {
        foreach (var subscription in columns.Select(column => column.Subscription).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal))
        {
            for (var look = 1; !await sweep.PassAsync(beside, subscription, cancel); look++)
            {
                if (look == Looks) return false;
                await Task.Delay(Look, time, cancel);
            }
        }

        return true;
    }

    /// <summary>Schemas in which contents stand. A subscription whose route can't be made now has entered its columns when it was delivered.</summary>
    internal IReadOnlyList<ContentsPlace> Places(CatalogueSnapshot snapshot)
    {
        var targets = new List<(Connection Connection, TargetTable Target)>();
        foreach (var subscription in snapshot.Subscriptions.Values.Where(subscription => snapshot.Resources.GetValueOrDefault(subscription.Resource)?.Items.Any(item => item.Type.IsAttachment) == true))
        {
            try
            {
                var target = routes.Create(subscription, snapshot).Target;
                if (target.HasAttachments) targets.Add((snapshot.Connections[subscription.Target.Connection], target));
            }
            catch (ExchangeException held)
            {
                Held(subscription.Name, held.Message);
            }
        }

        return [.. targets.GroupBy(target => (target.Connection.Name, target.Target.Table.Schema)).Select(group => new ContentsPlace(
            string.Create(CultureInfo.InvariantCulture, $"{group.Key.Name}{(group.Key.Schema is { } schema ? "." + schema : "")}"), group.First().Connection, [.. group.Select(target => target.Target)]))];
    }

    [LoggerMessage(1421, LogLevel.Information, "{Count} contents of attachments were removed at {Place}: no row refers to them")]
    partial void Removed(string place, int count);

    [LoggerMessage(1422, LogLevel.Debug, "Contents of subscription {Subscription} are left as they are: {Why}")]
    partial void Held(string subscription, string why);
}

/// <summary>A schema of a connection in which contents stand.</summary>
/// <param name="Name">For messages and leases.</param>
/// <param name="Connection">The connection.</param>
/// <param name="Targets">Those of the catalogue's subscriptions there, at least one.</param>
internal sealed record ContentsPlace(string Name, Connection Connection, IReadOnlyList<TargetTable> Targets);
