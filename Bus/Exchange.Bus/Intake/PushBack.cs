using Exchange.Bus.Quarantine;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Intake;

/// <summary>
/// Gives refused rows back to their provider: writes open errors into the error table and closes those that ended. Repeated until it is noted as done; error ids
/// are stable, so writing twice leaves one row.
/// </summary>
internal sealed class PushBack(IQuarantine quarantine, ExchangeSteps steps)
{
    const int EntriesAtOnce = 2_000;

    public async Task RunAsync(SourcePlan plan, CancellationToken cancel)
    {
        if (plan.ErrorTable is not { } table) return;
        var ensured = false;
        while (true)
        {
            var entries = await quarantine.ToPushBackAsync(plan.Resource.Name, EntriesAtOnce, cancel);
            if (entries.Count == 0) return;
            if (!ensured) await plan.Database.Errors.EnsureAsync(table, cancel);
            ensured = true;
            var unwritten = entries.Where(entry => !entry.Written).Select(entry => Row(table, entry)).ToList();
            if (unwritten.Count > 0) await plan.Database.Errors.WriteAsync(table, unwritten, cancel);
            var closed = entries.Where(entry => entry.ClosedBatch is not null).Select(entry => (entry.ErrorId, entry.ClosedBatch!.Value)).ToList();
            if (closed.Count > 0) await plan.Database.Errors.CloseAsync(table, closed, cancel);
            steps.Reached(ExchangeStep.PushBack, plan.Resource.Name);
            await quarantine.PushedBackAsync(entries, cancel);
        }
    }

    static ErrorRow Row(ErrorTable table, PushBackEntry entry)
    {
        var values = entry.Row.Values.ToDictionary(value => value.Key, value => value.Value, StringComparer.Ordinal);
        return new ErrorRow
        {
            Id = entry.ErrorId,
            Values = [.. table.SourceColumns.Select(column => values.GetValueOrDefault(column))],
            Batch = entry.Row.Batch,
            Rule = entry.Broken.Rule,
            Item = entry.Broken.Item,
            Value = entry.Broken.Value,
            Message = entry.Broken.Message,
            Time = entry.Row.RefusedAt,
        };
    }
}
