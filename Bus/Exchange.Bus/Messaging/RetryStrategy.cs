using Microsoft.Extensions.Logging;
using Rebus.Exceptions;
using Rebus.Pipeline;
using Rebus.Retry;
using Rebus.Retry.FailFast;
using Rebus.Retry.Simple;
using Rebus.Transport;

namespace Exchange.Bus.Messaging;

/// <summary>
/// Decides what becomes of a message: handled, tried again at once, later, or put into the error queue. In place of Rebus's own strategy, which counts attempts in
/// memory: with competing nodes each would count for itself. The first step of the pipeline, so nothing of a failed delivery gets out.
/// </summary>
internal sealed partial class RetryStrategy(MessageQueue queue, FailedMessageWriter errors, MessagingOptions options, ILogger<RetryStrategy> logger, CancellationToken stopping) : IRetryStrategy, IRetryStep
{
    int MostAttempts => options.ImmediateAttempts + options.DelayedRetries.Count;

    public IRetryStep GetRetryStep() => this;

    public async Task Process(IncomingStepContext context, Func<Task> next)
    {
        var transaction = context.Load<ITransactionContext>();
        if (Delivery.Of(transaction) is not { Claim: { } claim } delivery) throw new InvalidOperationException("A message came from elsewhere than the queue.");
        if (claim.Attempts > MostAttempts)
        {
            // Only deliveries that ended without a word get here: a message that kills its process must not do so for ever.
            transaction.SetResult(commit: false, ack: false);
            await FailAsync(claim, new PoisonMessageException($"The message was delivered {claim.Attempts - 1} times and its handling neither ended nor failed: the process died or the lease was lost each time."));
            return;
        }

        try
        {
            await next();
            if (context.Load<ManualDeadletterCommand>() is { } refused) throw new PoisonMessageException("A handler refused the message: " + refused.Exception.Message, refused.Exception);
            transaction.SetResult(commit: true, ack: true);
            // Here, not after the pipeline: a commit that fails is a delivery that failed.
            await ((ICanEagerCommit)transaction).CommitAsync();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !delivery.Ended)
        {
            transaction.SetResult(commit: false, ack: false);
            await queue.ReturnAsync(claim, TimeSpan.Zero, counted: false, CancellationToken.None);
        }
        catch (Exception failed) when (delivery.Ended)
        {
            // Its rows are written: there is nothing to be tried again.
            transaction.SetResult(commit: false, ack: false);
            LogFailedAfterEnd(failed, claim.Id);
        }
        catch (Exception failed)
        {
            transaction.SetResult(commit: false, ack: false);
            await FailAsync(claim, failed);
        }
    }

    async Task FailAsync(ClaimedMessage claim, Exception failed)
    {
        var final = failed is IFailFastException;
        if (!final && claim.Attempts < options.ImmediateAttempts)
        {
            LogRetryNow(failed, claim.Id, claim.Attempts);
            await queue.ReturnAsync(claim, TimeSpan.Zero, counted: true, CancellationToken.None);
        }
        else if (!final && claim.Attempts - options.ImmediateAttempts < options.DelayedRetries.Count)
        {
            var delay = options.DelayedRetries[Math.Max(claim.Attempts - options.ImmediateAttempts, 0)];
            LogRetryLater(failed, claim.Id, claim.Attempts, delay);
            await queue.ReturnAsync(claim, delay, counted: true, CancellationToken.None);
        }
        else
        {
            LogGivenUp(failed, claim.Id, claim.Attempts);
            await errors.MoveAsync(claim, failed, CancellationToken.None);
        }
    }

    [LoggerMessage(2711, LogLevel.Information, "Message {Id} failed (attempt {Attempt}); it is delivered again at once")]
    partial void LogRetryNow(Exception exception, long id, int attempt);

    [LoggerMessage(2712, LogLevel.Warning, "Message {Id} failed (attempt {Attempt}); it is delivered again in {Delay}")]
    partial void LogRetryLater(Exception exception, long id, int attempt, TimeSpan delay);

    [LoggerMessage(2714, LogLevel.Error, "The handler of message {Id} failed after it had ended the message; it is not delivered again")]
    partial void LogFailedAfterEnd(Exception exception, long id);

    [LoggerMessage(2713, LogLevel.Error, "Message {Id} failed (attempt {Attempt}) and went to the error queue: exchange errors list")]
    partial void LogGivenUp(Exception exception, long id, int attempt);
}
