using System.Text;
using Exchange.Adapters.Database.PostgreSql;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Wal;

/// <summary>Keys come from the log as texts; the server itself turns them into the columns' types, so that they are read exactly as the rows are.</summary>
internal sealed class WalKeys(FrontEndConnection settings, PostgreSqlDialect dialect)
{
    public async Task<RowBatch> ReadAsync(ReadSession session, CaptureTarget target, IReadOnlyList<string[]> keys, CancellationToken cancel)
    {
        var columns = target.KeyColumns.Select(column => new SourceColumn(column, column)).ToList();
        var shapes = await session.ShapesAsync(dialect.Quote(target.Table) + " s", columns, cancel);
        var page = new PageBuilder(shapes, 0, new SourceQuery { Columns = columns, Key = [], KeyIsUnique = true, LargestCell = int.MaxValue }, int.MaxValue, long.MaxValue, new LocalTime(settings));
        if (keys.Count > 0)
        {
            var arrays = string.Join(", ", shapes.Select((shape, at) => $"current_setting('exchange.p{at}')::{((PostgreSqlForm)shape.Form == PostgreSqlForm.CastUnordered ? "text" : shape.Native)}[]"));
            await session.ReadAsync($"SELECT {string.Join(", ", shapes.Select(session.Value))} FROM unnest({arrays}) AS s({string.Join(", ", target.KeyColumns.Select(dialect.Quote))})",
                [.. shapes.Select((_, at) => Array(keys, at))], page, cancel);
        }

        var whole = RowBatch.Empty(page.Rows.Columns.Select(column => (column.Name, column.Type)), Math.Max(keys.Count, 16));
        for (var row = 0; row < page.Rows.Count; row++)
            if (page.Rows.Columns.All(column => !column.IsNull(row))) whole.AppendRow(page.Rows, row);
        return whole;
    }

    /// <summary>An array literal; every element quoted, so that none is taken for NULL or for syntax.</summary>
    static byte[] Array(IReadOnlyList<string[]> keys, int column)
    {
        var text = new StringBuilder("{", keys.Count * 16);
        foreach (var key in keys)
        {
            if (text.Length > 1) text.Append(',');
            text.Append('"').Append(key[column].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }
}
