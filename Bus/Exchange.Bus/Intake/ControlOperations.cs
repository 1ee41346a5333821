using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Intake;

/// <summary>A page sorted by what its rows ask for.</summary>
/// <param name="Upserts">Rows to be judged.</param>
/// <param name="UpsertRows">For each of them its row in the page.</param>
/// <param name="DeletedRows">Rows of the page that say their key is gone.</param>
/// <param name="Refused">Rows whose operation can't be known.</param>
internal sealed record SortedPage(SourcePage Upserts, IReadOnlyList<int> UpsertRows, IReadOnlyList<int> DeletedRows, IReadOnlyList<RejectedRow> Refused);

/// <summary>Reads cd_operation (fact 05: i insert, u update, d delete; either case).</summary>
internal static class ControlOperations
{
    public static SortedPage Sort(SourcePage page)
    {
        var operation = (BytesColumn)page.Rows[ControlColumns.Operation];
        var upserts = new List<int>();
        var deletes = new List<int>();
        var refused = new List<RejectedRow>();
        for (var row = 0; row < page.Rows.Count; row++)
        {
            var tied = page.Ties is { } ties && ties[row] > 1;
            switch (operation.IsNull(row) ? null : operation.StringAt(row).Trim())
            {
                case "i" or "I" or "u" or "U": upserts.Add(row); break;
                case "d" or "D" when !tied: deletes.Add(row); break;
                case "d" or "D": upserts.Add(row); break; // a tie: the judge refuses it, whatever it asks for
                case var unknown:
                    refused.Add(new RejectedRow(row, null, [new BrokenRule("operation", ControlColumns.Operation, unknown, $"cd_operation is {(unknown is null ? "NULL" : $"'{unknown}'")}; it must be i, u or d.")]));
                    break;
            }
        }

        return new SortedPage(upserts.Count == page.Rows.Count ? page : Pages.Pick(page, upserts), upserts, deletes, refused);
    }
}

/// <summary>Parts of pages.</summary>
internal static class Pages
{
    /// <summary>A page of only those rows, in that order, with their faults and counts.</summary>
    public static SourcePage Pick(SourcePage page, IReadOnlyList<int> rows)
    {
        var picked = RowBatch.Empty(page.Rows.Columns.Select(column => (column.Name, column.Type)), rows.Count);
        var places = new Dictionary<int, int>(rows.Count);
        foreach (var row in rows)
        {
            places[row] = picked.Count;
            picked.AppendRow(page.Rows, row);
        }

        return new SourcePage
        {
            Rows = picked,
            Faults = [.. page.Faults.Where(fault => places.ContainsKey(fault.Row)).Select(fault => fault with { Row = places[fault.Row] })],
            Copies = page.Copies is null ? null : [.. rows.Select(row => page.Copies[row])],
            Ties = page.Ties is null ? null : [.. rows.Select(row => page.Ties[row])],
            Resume = page.Resume,
        };
    }
}
