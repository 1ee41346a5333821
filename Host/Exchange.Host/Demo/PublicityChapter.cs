using Exchange.Contracts.Catalogue;
using Exchange.Samples.Licences;

namespace Exchange.Host.Demo;

/// <summary>双公示: the licences of the old list, followed by triggers, become rows of the new list on the credit platform (fact 07).</summary>
internal sealed class PublicityChapter : IChapter
{
    public const string Subscription = "licence-to-credit";

    const int Licences = 3_000, Unmapped = 15, Changed = 120, Added = 40, Deleted = 25, Renumbered = 5;

    static readonly (LicenceDefect Defect, int Rows)[] Defects =
        [(LicenceDefect.CreditCode, 24), (LicenceDefect.CitizenId, 18), (LicenceDefect.NoSuchDay, 9), (LicenceDefect.EndsEarly, 12)];

    readonly HashSet<string> _broken = new(StringComparer.Ordinal);

    static int Broken => Defects.Sum(defect => defect.Rows);

    /// <summary>Rows that stand in quarantine when the chapter has ended.</summary>
    public static int LeftBroken => Broken - Defects[0].Rows;

    public string Title => "双公示 2016 → 2018: other columns, codes for words, dates, computed items";

    public async Task TellAsync(Story story, CancellationToken cancel)
    {
        var rows = await FillAsync(story, cancel);
        await FirstExchangeAsync(story, cancel);
        await DecideAsync(story, cancel);
        await ChangeAsync(story, rows, cancel);
    }

    /// <summary>Broken rows come first, then those without a code, then good ones.</summary>
    async Task<List<Licence>> FillAsync(Story story, CancellationToken cancel)
    {
        var generator = new LicenceGenerator(story.Province.Draw, story.Province.Enterprises);
        var rows = Enumerable.Range(1, Licences).Select(generator.Make).ToList();
        var at = 0;
        foreach (var (defect, count) in Defects)
            for (var made = 0; made < count; made++, at++)
            {
                rows[at] = generator.Break(rows[at], defect);
                _broken.Add(rows[at].DocumentNumber);
            }

        for (var made = 0; made < Unmapped; made++, at++) rows[at] = rows[at] with { Category = LicenceGenerator.UnmappedCategory };
        story.Say($"卫健委 has {Licences:N0} licences in {LicenceTables.Old}: {Broken} of them broken in four ways, {Unmapped} of a category (备案) for which the new list has no code.");
        await LicenceTables.InsertAsync(story.Province.Health, rows, cancel);
        return rows;
    }

    async Task FirstExchangeAsync(Story story, CancellationToken cancel)
    {
        var result = await story.SyncAsync(Subscription, cancel);
        story.Expect("first exchange", $"{Licences} read, {Broken} rejected, {Licences - Broken - Unmapped} written, {Unmapped} without a code",
            $"{result.Read} read, {result.Rejected} rejected, {result.Upserted} written, {result.Refused} without a code");
        var found = (await story.Province.Health.RowsAsync($"SELECT err_rule, count(*) FROM {LicenceTables.Old}_error GROUP BY err_rule", cancel)).ToDictionary(row => row[0]!, row => row[1]);
        story.Expect("errors pushed back to 卫健委", string.Join(", ", Defects.Select(defect => $"{defect.Defect.Rule()} {defect.Rows}")),
            string.Join(", ", Defects.Select(defect => $"{defect.Defect.Rule()} {found.GetValueOrDefault(defect.Defect.Rule(), "0")}")));
        var unmapped = (await story.Province.Health.RowsAsync($"SELECT XK_WSH FROM {LicenceTables.Old} WHERE XK_SPLB = '{LicenceGenerator.UnmappedCategory}'", cancel)).Select(row => row[0]!);
        await CompareAsync(story, "every row at 卫健委 and at 信用平台", Licences - Broken - Unmapped, unmapped, cancel);
    }

    /// <summary>A code that comes later judges the waiting rows again; nobody has to send them anew.</summary>
    async Task DecideAsync(Story story, CancellationToken cancel)
    {
        story.Say("It is decided that 备案 is 06 其他: the CodeMap is applied with it.");
        var codes = (await Province.ManifestsAsync(cancel)).Single(file => file.Text.Contains("其他: \"06\" }", StringComparison.Ordinal));
        await story.Hub.Get<IManifests>().ApplyAsync([codes with { Text = codes.Text.Replace("其他: \"06\" }", "其他: \"06\", 备案: \"06\" }", StringComparison.Ordinal) }], dryRun: false, prune: false, cancel);
        var result = await story.SyncAsync(Subscription, cancel);
        story.Expect("read for the decision, refused after it", "0 read, 0 refused", $"{result.Read} read, {result.Refused} refused");
        await CompareAsync(story, "every row, those of 备案 too", Licences - Broken, [], cancel);
    }

    async Task ChangeAsync(Story story, List<Licence> rows, CancellationToken cancel)
    {
        var health = story.Province.Health;
        var corrected = Defects[0].Rows;
        story.Say($"At 卫健委 {Changed} licences change, {Added} are added, {Deleted} deleted, {Renumbered} get another number, {corrected} with a wrong check digit are corrected.");
        var good = rows.Skip(Broken + Unmapped).ToList();
        foreach (var licence in good.Take(Changed))
            await health.ExecuteAsync($"UPDATE {LicenceTables.Old} SET XK_NR = XK_NR || '（变更）', XK_JZQ = '2031/06/30', XK_ZT = '0' WHERE XK_WSH = $no", cancel, [("$no", licence.DocumentNumber)]);
        foreach (var licence in good.Skip(Changed).Take(Deleted))
            await health.ExecuteAsync($"DELETE FROM {LicenceTables.Old} WHERE XK_WSH = $no", cancel, [("$no", licence.DocumentNumber)]);
        foreach (var licence in good.Skip(Changed + Deleted).Take(Renumbered))
            await health.ExecuteAsync($"UPDATE {LicenceTables.Old} SET XK_WSH = XK_WSH || '之一' WHERE XK_WSH = $no", cancel, [("$no", licence.DocumentNumber)]);
        foreach (var licence in rows.Take(corrected))
        {
            var code = story.Province.Enterprises.First(party => party.CreditCode[..17] == licence.PartyCode[..17]).CreditCode;
            await health.ExecuteAsync($"UPDATE {LicenceTables.Old} SET XK_XDR_SHXYM = $code WHERE XK_WSH = $no", cancel, [("$code", code), ("$no", licence.DocumentNumber)]);
            _broken.Remove(licence.DocumentNumber);
        }

        var generator = new LicenceGenerator(story.Province.Draw, story.Province.Enterprises);
        await LicenceTables.InsertAsync(health, Enumerable.Range(Licences + 1, Added).Select(generator.Make), cancel);

        // A row that gets another key is one deletion and one new row.
        var result = await story.SyncAsync(Subscription, cancel);
        story.Expect("incremental exchange", $"{Changed + Added + Deleted + (2 * Renumbered) + corrected} read, 0 rejected, {Changed + Added + Renumbered + corrected} written, {Deleted + Renumbered} deleted, {corrected} closed",
            $"{result.Read} read, {result.Rejected} rejected, {result.Upserted} written, {result.DeletedAtTarget} deleted, {result.Closed} closed");
        await CompareAsync(story, "every row after the changes", Licences - Broken + corrected + Added - Deleted, [], cancel);
        result = await story.SyncAsync(Subscription, cancel);
        story.Expect("read when nothing has changed", 0, result.Read);
    }

    async Task CompareAsync(Story story, string what, int rows, IEnumerable<string> besides, CancellationToken cancel) =>
        story.ExpectSame(what, rows, await story.Province.Health.CompareAsync(story.Province.Credit, LicenceTables.Expected, LicenceTables.Delivered, _broken.Concat(besides), cancel));

    /// <summary>Keys that stand open in the error table.</summary>
    public static async Task<IEnumerable<string>> OpenErrorsAsync(Province province, CancellationToken cancel) =>
        (await province.Health.RowsAsync($"SELECT DISTINCT XK_WSH FROM {LicenceTables.Old}_error WHERE err_closed_batch IS NULL", cancel)).Select(row => row[0]!);
}
