using System.Runtime.CompilerServices;
using Exchange.Bus.Intake;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>Key texts (<see cref="RowKey"/>) read back.</summary>
internal static class KeyTexts
{
    /// <summary>About how many bytes of rows are read into memory as one page.</summary>
    public const long PageBytes = 16 * 1024 * 1024;

    /// <summary>Those that are of the types; others fall away.</summary>
    public static RowBatch Read(IReadOnlyList<string> texts, IReadOnlyList<(string Name, ItemType Type)> types)
    {
        var rows = RowBatch.Empty(types, texts.Count);
        foreach (var text in texts)
        {
            var values = RowKey.Values(text);
            if (values.Length != types.Count || values.Any(value => value is null)) continue;
            var probe = RowBatch.Empty(types, 1);
            if (!values.Select((value, at) => ColumnText.TryAppend(probe.Columns[at], value)).All(read => read)) continue;
            probe.EndRow();
            rows.AppendRow(probe, 0);
        }

        return rows;
    }

    /// <summary>The rows of those keys, in as many pages as their width asks for.</summary>
    public static async IAsyncEnumerable<SourcePage> PagesAsync(ISourceReader reader, SourceQuery query, RowBatch keys, [EnumeratorCancellation] CancellationToken cancel)
    {
        var most = KeyReader.KeysAtOnce;
        for (var start = 0; start < keys.Count;)
        {
            var count = Math.Min(most, keys.Count - start);
            var page = await reader.ReadKeysAsync(query, count == keys.Count ? keys : keys.Slice(start, count), count == 1 ? long.MaxValue : PageBytes, cancel);
            if (page.Cut)
            {
                most = Math.Clamp(page.Rows.Count * 3 / 4, 1, count - 1);
                continue;
            }

            yield return page;
            start += count;
        }
    }
}
