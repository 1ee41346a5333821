using System.Globalization;
using Exchange.Contracts.Operations;
using Exchange.Host.Composition;
using Exchange.Host.Output;
using Exchange.Samples.Identifiers;
using Exchange.Samples.Inspections;
using Exchange.Samples.Licences;

namespace Exchange.Host.Demo;

/// <summary>After the story: the hub runs on, the departments go on working, and a line tells of each exchange. Until Ctrl-C.</summary>
internal sealed class LiveProvince(Terminal terminal, Hub hub, Province province, TimeProvider time)
{
    static readonly TimeSpan ChangePause = TimeSpan.FromSeconds(3), LookPause = TimeSpan.FromSeconds(1);

    /// <summary>Runs that are looked back at; far more than end between two looks.</summary>
    const int RunsAtOnce = 50;

    readonly LicenceGenerator _licences = new(province.Draw, province.Enterprises);

    /// <summary>Returns when cancelled. A fault of the hub or of a department's system ends it.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await terminal.Out.WriteLineAsync();
        await terminal.Out.WriteLineAsync("The hub runs on: the departments change something every few seconds, and each exchange gives a line. Ctrl-C ends it.");
        await terminal.Out.WriteLineAsync("The console comes with a later version. Meanwhile, in another window:");
        foreach (var command in new[] { "get runs", "get lights", "get statistics", "get batches", "export" }) await terminal.Out.WriteLineAsync($"    ./exchange {command} --data {province.HubFolder}");
        await terminal.Out.WriteLineAsync();

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var after = await NewestAsync(cancel);
        Task[] parts = [hub.Get<IHubLoop>().RunAsync(IHubLoop.UsualExchanges, ended.Token), ChangeAsync(ended.Token), WatchAsync(after, ended.Token)];
        await Task.WhenAny(parts);
        await ended.CancelAsync();
        try
        {
            await Task.WhenAll(parts);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await terminal.Out.WriteLineAsync("the demo has ended");
        }
    }

    async Task ChangeAsync(CancellationToken cancel)
    {
        // Numbers above those of the story.
        for (var number = 10_000; ; number++)
        {
            await Task.Delay(ChangePause, time, cancel);
            await terminal.Out.WriteLineAsync($"{Clock()}  {await ChangeOnceAsync(number, cancel)}");
        }
    }

    /// <returns>What was done, for people.</returns>
    async Task<string> ChangeOnceAsync(int number, CancellationToken cancel)
    {
        var health = province.Health;
        switch (number % 5)
        {
            case 0:
                var broken = _licences.Break(_licences.Make(number), LicenceDefect.CreditCode);
                await LicenceTables.InsertAsync(health, [broken], cancel);
                return $"卫健委 grants {broken.DocumentNumber} and mistypes the credit code";
            case 1:
                var corrected = 0;
                foreach (var row in await health.RowsAsync($"SELECT XK_WSH, XK_XDR_SHXYM FROM {LicenceTables.Old} WHERE XK_WSH IN (SELECT XK_WSH FROM {LicenceTables.Old}_error WHERE err_closed_batch IS NULL AND err_rule = 'uscc')", cancel))
                {
                    var right = province.Enterprises.FirstOrDefault(party => party.CreditCode[..17] == row[1]![..17])?.CreditCode;
                    if (right is not null && CreditCodes.IsValid(right))
                        corrected += await health.ExecuteAsync($"UPDATE {LicenceTables.Old} SET XK_XDR_SHXYM = $code WHERE XK_WSH = $no", cancel, [("$code", right), ("$no", row[0])]);
                }

                return $"卫健委 reads its error table and corrects {corrected} credit code";
            case 2:
                var deleted = await health.ExecuteAsync($"DELETE FROM {LicenceTables.Old} WHERE XK_WSH = (SELECT XK_WSH FROM {LicenceTables.Old} WHERE XK_WSH NOT IN (SELECT XK_WSH FROM {LicenceTables.Old}_error) ORDER BY XK_ZT DESC, XK_WSH LIMIT 1)", cancel);
                return $"卫健委 deletes {deleted} licence, a revoked one if there is one";
            case 3:
                var id = SupervisionCatalogue.PlanId(number - 9_900);
                await province.Market.InsertAsync(SupervisionCatalogue.Plans, ["plan_id", "plan_name", "begins"], [[id, "2026年追加抽查", "2026-12-01"]], cancel);
                return $"市监局 adds the inspection plan {id}";
            default:
                var granted = _licences.Make(number);
                await LicenceTables.InsertAsync(health, [granted], cancel);
                return $"卫健委 grants {granted.DocumentNumber} to {granted.Party}";
        }
    }

    async Task WatchAsync(long after, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(LookPause, time, cancel);
            var ended = (await hub.Get<IExchangeRecords>().RunsAsync(null, null, RunsAtOnce, cancel)).Where(run => run.Id > after).OrderBy(run => run.Id).TakeWhile(run => run.Ended is not null).ToList();
            foreach (var run in ended)
            {
                after = run.Id;
                if (run.Read + run.Delivered + run.Rejected > 0 || run.Error is not null) await terminal.Out.WriteLineAsync($"{Clock()}    {Line(run)}");
            }
        }
    }

    static string Line(RunView run) => run.Error is { } error ? $"{run.Subscription ?? run.Resource}: {error}"
        : run.Subscription is { } subscription ? string.Create(CultureInfo.InvariantCulture, $"{subscription}: {run.Delivered:N0} delivered{(run.Rejected > 0 ? $", {run.Rejected:N0} refused" : "")}")
        : $"{run.Resource}: {string.Join(", ", Parts(run))}";

    /// <summary>What happened; what did not is left out.</summary>
    static IEnumerable<string> Parts(RunView run) =>
        new[] { (run.Read, "read"), (run.Accepted, "accepted"), (run.Deleted, "deleted"), (run.Rejected, "rejected, error pushed back"), (run.Closed, "of them closed an error") }
            .Where(part => part.Item1 > 0).Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Item1:N0} {part.Item2}"));

    async Task<long> NewestAsync(CancellationToken cancel) => (await hub.Get<IExchangeRecords>().RunsAsync(null, null, 1, cancel)) is [var newest, ..] ? newest.Id : 0;

    string Clock() => time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
