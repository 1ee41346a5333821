namespace Exchange.Benchmarks.Measuring;

/// <summary>
/// One piece of work, done by the hub and by what stands beside it, in turn and in one run, on the same servers with the same settings. A benchmark makes its own data and
/// databases and leaves nothing behind.
/// </summary>
internal interface IBenchmark
{
    /// <summary>What the command line calls it: full-postgresql-postgresql.</summary>
    string Name { get; }

    /// <summary>The work, for people.</summary>
    string Title { get; }

    /// <summary>Answers one or more comparisons (a table of sizes gives one each).</summary>
    Task<IReadOnlyList<Comparison>> RunAsync(BenchmarkSettings settings, CancellationToken cancel);
}

/// <summary>What a run is asked for.</summary>
/// <param name="Rows">Rows of the large table; the goals are said for 1,000,000.</param>
/// <param name="Runs">Measured runs of each side, after one that is not counted.</param>
/// <param name="Folder">A folder for files of this run; removed afterwards.</param>
/// <param name="PostgreSql">Connection string of the private PostgreSQL server (a superuser), with durable settings.</param>
/// <param name="MySql">The same of MariaDB.</param>
/// <param name="RabbitMq">AMQP address of a private RabbitMQ node, or nothing.</param>
internal sealed record BenchmarkSettings(int Rows, int Runs, string Folder, string PostgreSql, string MySql, string RabbitMq);

/// <summary>A peer that a benchmark needs is not there: it is reported as not run, and the others go on.</summary>
internal sealed class NotRunException(string reason) : Exception(reason);

/// <summary>Values of one side.</summary>
/// <param name="Name">The hub, or the peer.</param>
/// <param name="Unit">s, ms, MB, /s …</param>
/// <param name="Values">One for each measured run, in order.</param>
/// <param name="Command">What does the same by hand, or null.</param>
internal sealed record Series(string Name, string Unit, IReadOnlyList<double> Values, string? Command)
{
    public double Median => Order(0.5);

    public double Smallest => Values.Min();

    public double Greatest => Values.Max();

    /// <summary>The value below which that share of all values lies.</summary>
    public double Order(double share)
    {
        var sorted = Values.Order().ToList();
        var place = share * (sorted.Count - 1);
        var (below, above) = (sorted[(int)Math.Floor(place)], sorted[(int)Math.Ceiling(place)]);
        return below + ((above - below) * (place - Math.Floor(place)));
    }
}

/// <summary>A bound on the ratio ours ÷ peer, or on ours alone where there is no peer.</summary>
/// <param name="Text">As documents say it: at most 2.5 ×.</param>
/// <param name="Holds">Whether a figure reaches it.</param>
internal sealed record Goal(string Text, Func<double, bool> Holds)
{
    public static Goal AtMost(double bound, string text) => new(text, figure => figure <= bound);

    public static Goal AtLeast(double bound, string text) => new(text, figure => figure >= bound);
}

/// <summary>Both sides of one piece of work.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Ours">The hub.</param>
/// <param name="Peer">What stands beside it, or null: a report or a bound on our figure.</param>
/// <param name="Goal">Null: a report.</param>
/// <param name="LimitedBy">What bounds our side, in a sentence.</param>
internal sealed record Comparison(string Work, Series Ours, Series? Peer, Goal? Goal, string LimitedBy)
{
    /// <summary>Ours ÷ peer: the median of the pairs' own ratios, since neighbouring runs meet the same weather; without a peer our median.</summary>
    public double Figure => Peer is null ? Ours.Median : new Series("", "", [.. Ours.Values.Zip(Peer.Values).Select(pair => pair.First / pair.Second)], null).Median;
}
