using Exchange.Bus.Bulk;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.Storage;

namespace Exchange.Bus.Attachments;

/// <summary>Which batches refer to which contents; written and removed in the transactions in which batches come and go.</summary>
internal static class ContentUses
{
    /// <summary>A batch is appended.</summary>
    /// <exception cref="ExchangeException">hub.store.damaged: contents that it refers to are not there (any more); nothing is appended, and the rows are read again by the next run.</exception>
    public static async Task AddAsync(StoreSession session, string resource, long number, RowBatch rows, DateTimeOffset now, CancellationToken cancel)
    {
        var references = References(rows);
        foreach (var some in references.Order(StringComparer.Ordinal).Chunk(ValueTable.Chunk))
        {
            var table = ValueTable.Of("v", "reference", some);
            // The update locks the entries against the sweep until the batch stands.
            var standing = await session.ExecuteAsync($"UPDATE bus_attachment SET touched_at = @now WHERE reference IN (SELECT reference FROM {table.Sql(session.Engine)})", cancel,
                table.Parameters(session.Engine, ("now", Temporal.Microseconds(now))));
            if (standing != some.Length)
                throw new ExchangeException(ErrorCodes.StoreDamaged, Party.Hub, $"Contents of attachments of resource '{resource}' were removed before their batch was appended.", "Run the exchange again: they are read anew.");
            await session.ExecuteAsync($"INSERT INTO bus_attachment_use (resource, number, reference) SELECT @resource, @number, v.reference FROM {table.Sql(session.Engine)}", cancel,
                table.Parameters(session.Engine, ("resource", resource), ("number", number)));
        }
    }

    /// <summary>Batches are dropped; their contents are kept a while longer, for who has just loaded one.</summary>
    public static async Task DropAsync(StoreSession session, string resource, IReadOnlyList<long> numbers, DateTimeOffset now, CancellationToken cancel)
    {
        if (numbers.Count == 0) return;
        var table = new ValueTable("v", "number#");
        foreach (var number in numbers) table.Add(number);
        var dropped = $"resource = @resource AND number IN (SELECT number FROM {table.Sql(session.Engine)})";
        await session.ExecuteAsync($"UPDATE bus_attachment SET touched_at = @now WHERE reference IN (SELECT reference FROM bus_attachment_use WHERE {dropped})", cancel,
            table.Parameters(session.Engine, ("resource", resource), ("now", Temporal.Microseconds(now))));
        await session.ExecuteAsync($"DELETE FROM bus_attachment_use WHERE {dropped}", cancel, table.Parameters(session.Engine, ("resource", resource)));
    }

    /// <summary>Each once.</summary>
    static HashSet<string> References(RowBatch rows)
    {
        var references = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in rows.Columns.OfType<BytesColumn>().Where(column => column.Type.IsAttachment))
            for (var row = 0; row < rows.Count; row++)
                if (!column.IsNull(row)) references.Add(column.StringAt(row));
        return references;
    }
}
