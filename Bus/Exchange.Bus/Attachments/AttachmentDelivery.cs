using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Attachments;

/// <summary>
/// Sends the contents that rows of batches refer to, before the transaction that writes the rows: a row at a target never refers to contents that are not there. What stands there whole is not sent
/// again. Killed between, the next delivery finds what was sent.
/// </summary>
internal sealed class AttachmentDelivery(RowDelivery rows, ContentStore contents, ExchangeSteps steps)
{
    /// <summary>Contents of one part are sent together, up to about so many bytes and so many of them: a transaction each would take longer than they do.</summary>
    const int SmallBytes = 4 * 1024 * 1024, SmallAtOnce = 1000;

    /// <param name="run">The delivery.</param>
    /// <param name="batches">Those that are to be written, in any state.</param>
    /// <param name="cancel">Stops; contents that were sent stay.</param>
    public async Task SendAsync(DeliveryRun run, IEnumerable<LogBatch> batches, CancellationToken cancel)
    {
        if (run.Route.Attachments.Count == 0) return;
        foreach (var batch in batches.Where(batch => batch is { State: BatchState.Visible, Upserts: > 0 }))
        {
            var (log, routed) = await rows.RoutedAsync(run, batch, cancel);
            await SendAsync(run, RoutedReferences.Of(run, log, routed), cancel);
        }
    }

    async Task SendAsync(DeliveryRun run, HashSet<string> references, CancellationToken cancel)
    {
        if (references.Count == 0) return;
        var table = run.Database.Attachments;
        references.ExceptWith(await table.WholeAsync(run.Route.Target, references, cancel));
        var small = new List<(string Reference, ReadOnlyMemory<byte> Content)>();
        var held = 0L;
        foreach (var reference in references)
        {
            if (AttachmentReference.Parse(reference).Size > AttachmentReference.PartBytes)
            {
                await table.WriteAsync(run.Route.Target, reference, PartsAsync(run, reference, cancel), cancel);
                run.Report("sending attachments");
                continue;
            }

            await foreach (var part in PartsAsync(run, reference, cancel)) small.Add((reference, part.ToArray()));
            held += small[^1].Content.Length;
            if (held < SmallBytes && small.Count < SmallAtOnce) continue;
            await SendSmallAsync();
        }

        await SendSmallAsync();
        if (references.Count > 0) steps.Reached(ExchangeStep.DeliverContents, run.Name);

        async Task SendSmallAsync()
        {
            if (small.Count == 0) return;
            await table.WriteSmallAsync(run.Route.Target, small, cancel);
            run.Report("sending attachments");
            small.Clear();
            held = 0;
        }
    }

    async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(DeliveryRun run, string reference, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var part in contents.ReadAsync(reference, cancel))
        {
            yield return part;
            run.WrittenBytes += part.Length;
            steps.Reached(ExchangeStep.DeliverContentsPart, run.Name);
        }
    }
}
