using System.Globalization;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// One row for each key. Where the source holds several and no order names the newest, none of them is taken: any choice would be a guess.
/// </summary>
internal static class KeyRule
{
    public const string Name = "duplicate-key";

    const string Once = " once it is normalised";

    /// <param name="page">Counts rows that share a key in the source.</param>
    /// <param name="rows">The same in item types.</param>
    /// <param name="mayMerge">Whether conversion may have made one key of two.</param>
    /// <param name="findings">Where broken rules go.</param>
    public static void Judge(SourcePage page, JudgedRows rows, bool mayMerge, Findings findings)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            if (page.Ties is { } ties)
            {
                if (ties[row] > 1) Break(row, string.Create(CultureInfo.InvariantCulture, $"{ties[row]} rows of the source share this key and are equally new: there is no latest row."));
            }
            else if (page.Copies is { } copies && copies[row] > 1)
            {
                Break(row, string.Create(CultureInfo.InvariantCulture, $"{copies[row]} rows of the source share this key{(page.Merged?[row] is true ? Once : "")}; a key must be unique."));
            }
        }

        if (mayMerge && page.Merged is null) JudgeMerged();

        void JudgeMerged()
        {
            var byKey = new Dictionary<string, List<int>>(StringComparer.Ordinal);
            for (var row = 0; row < rows.Count; row++)
            {
                if (rows.KeyText(row) is not { } key) continue;
                if (!byKey.TryGetValue(key, out var list)) byKey[key] = list = [];
                list.Add(row);
            }

            foreach (var sharing in byKey.Values.Where(list => list.Count > 1))
                foreach (var row in sharing)
                    Break(row, string.Create(CultureInfo.InvariantCulture, $"{sharing.Count} rows of the source share this key{Once}; a key must be unique."));
        }

        void Break(int row, string message) => findings.Add(row, new BrokenRule(Name, null, ValueText.Cut(rows.KeyText(row)), message));
    }
}
