using Exchange.Bus.Attachments;
using Exchange.Bus.Log;
using Exchange.Bus.Quality;
using Exchange.Bus.Retention;
using Exchange.Bus.Runs;

namespace Exchange.Bus.Exchanges;

/// <summary>Removes what nobody needs any more, once an hour: rows of batches that were superseded, payload files and contents of attachments that belong to no batch, contents at targets that no row refers to, known values that were replaced, old records of runs.</summary>
internal sealed class TidyDuty(LogTrim logs, PayloadSweep payloads, ContentStore contents, TargetContents targets, IKnownValues known, IRuns runs, KeepingBook keeping, TimeProvider time) : IHubDuty
{
    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await logs.RunAsync(stopping);
            await payloads.SweepAsync(stopping);
            await contents.SweepAsync(stopping);
            await known.SweepAsync(stopping);
            await runs.ForgetAsync(time.GetUtcNow() - (await keeping.ReadAsync(stopping)).RunKeep, stopping);
            await targets.StartAsync(stopping);
            await Task.Delay(Pause, time, stopping);
        }
    }
}
