using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.Wal;

/// <summary>
/// A commit stands in the log a moment before other sessions can see its rows; with synchronous standbys for as long as they take. Rows that are read anew because of it must be read after that
/// moment, or the change would be lost for good.
/// </summary>
internal sealed class CommitVisibility(FrontEndConnection settings)
{
    /// <summary>Transaction ids in the log have 32 bits and are compared around the circle.</summary>
    const long Circle = 1L << 32;

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns once a new snapshot sees all those transactions, which are known to have committed.</summary>
    public Task WaitAsync(NpgsqlConnection connection, IReadOnlyCollection<uint> committed, CancellationToken cancel) => committed.Count == 0 ? Task.CompletedTask : PollAsync(async () =>
        (await TakeAsync(connection, cancel)).SeesAll(committed), cancel);

    /// <summary>Returns once a new snapshot sees all that the exported one sees: what had committed where a slot begins.</summary>
    public async Task WaitForExportedAsync(NpgsqlConnection connection, string snapshot, CancellationToken cancel)
    {
        await using var import = new NpgsqlCommand($"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{snapshot.Replace("'", "''", StringComparison.Ordinal)}'", connection);
        await import.ExecuteNonQueryAsync(cancel);
        var exported = await TakeAsync(connection, cancel);
        await using var end = new NpgsqlCommand("ROLLBACK", connection);
        await end.ExecuteNonQueryAsync(cancel);
        await PollAsync(async () => (await TakeAsync(connection, cancel)).SeesAll(exported), cancel);
    }

    static async Task<Snapshot> TakeAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT txid_current_snapshot()::text", connection);
        return Snapshot.Parse((string)(await command.ExecuteScalarAsync(cancel))!);
    }

    /// <summary>What a snapshot sees: ids before the oldest, and those before the next that are not open. An exported one may have a next that is before its oldest.</summary>
    internal sealed record Snapshot(long Oldest, long Next, IReadOnlySet<long> Open)
    {
        /// <param name="text">xmin:xmax:xip,xip… in 64 bits.</param>
        public static Snapshot Parse(string text)
        {
            var parts = text.Split(':');
            return new Snapshot(Number(parts[0]), Number(parts[1]), parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number).ToHashSet());
        }

        public bool Sees(long id) => id < Oldest || (id < Next && !Open.Contains(id));

        /// <summary>Whether it sees all that another sees.</summary>
        public bool SeesAll(Snapshot other) => Math.Max(other.Oldest, other.Next) <= Math.Max(Oldest, Next) && Open.All(id => !other.Sees(id));

        /// <param name="ids">In 32 bits, of transactions that are not older than half the circle.</param>
        public bool SeesAll(IReadOnlyCollection<uint> ids) => ids.All(id => Sees(Next + unchecked((int)(id - (uint)(Next % Circle)))));

        static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }

    async Task PollAsync(Func<Task<bool>> seen, CancellationToken cancel)
    {
        var pause = TimeSpan.FromMilliseconds(1);
        for (var waited = TimeSpan.Zero; !await seen(); waited += pause)
        {
            if (waited > Limit)
                throw FaultMessage.Transient(settings, "waiting until committed rows can be seen", $"they can't after {Limit.TotalSeconds:0} s: a commit waits for a synchronous standby", new TimeoutException());
            await Task.Delay(pause, cancel);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
