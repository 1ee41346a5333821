using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Exchange.Benchmarks.Measuring;

/// <summary>
/// docs/benchmarks.md: a section for each benchmark, each with the machine it was measured on, between marks of its own, so that one can be measured anew without the others.
/// </summary>
internal static class Report
{
    const string Head = """
        # Benchmarks

        Made by `./bench` (all of them), `./bench NAME …` (these), `./bench --list`; options `--rows`, `--runs`. Both sides of a comparison run in turn, in one run, on the same private servers with durable settings
        (`fsync`, `synchronous_commit`, `innodb_flush_log_at_trx_commit=1`), after one round that is not counted. A cell is the median (smallest – greatest) of the counted rounds; a ratio is the median of the rounds' own ratios, since
        neighbouring runs meet the same weather. Trust ratios, not seconds: databases, peers and the hub share the machine's cores.

        The hub is the real process, its store the default one (SQLite and Arrow files, synced), unless a line says otherwise; times include the start of its process. The benchmarks of messages are the exception: the real bus, queue and store run in
        the benchmark's own process, since a hub has no handler that does nothing else.

        """;

    public static async Task WriteAsync(string file, IBenchmark benchmark, BenchmarkSettings settings, IReadOnlyList<Comparison> comparisons, CancellationToken cancel)
    {
        var text = File.Exists(file) ? await File.ReadAllTextAsync(file, cancel) : Head;
        var section = await SectionAsync(benchmark, settings, comparisons);
        var known = Regex.Match(text, $"<!-- {Regex.Escape(benchmark.Name)} -->.*?<!-- /{Regex.Escape(benchmark.Name)} -->\n", RegexOptions.Singleline);
        text = known.Success ? text[..known.Index] + section + text[(known.Index + known.Length)..] : $"{text.TrimEnd()}\n\n{section}";
        await File.WriteAllTextAsync(file, text, cancel);
    }

    static async Task<string> SectionAsync(IBenchmark benchmark, BenchmarkSettings settings, IReadOnlyList<Comparison> comparisons)
    {
        var section = new StringBuilder();
        section.Append(CultureInfo.InvariantCulture, $"<!-- {benchmark.Name} -->\n## {benchmark.Title}\n\n`./bench {benchmark.Name}{(settings.Rows == 1_000_000 ? "" : $" --rows {settings.Rows}")}{(settings.Runs == 5 ? "" : $" --runs {settings.Runs}")}`, {DateTime.UtcNow:yyyy-MM-dd}, {await Machine.DescribeAsync()}\n\n");
        section.Append("| work | hub | beside it | hub ÷ beside | goal | |\n|---|---|---|---|---|---|\n");
        foreach (var comparison in comparisons)
            section.Append(CultureInfo.InvariantCulture,
                $"| {comparison.Work} | {Cell(comparison.Ours)} | {(comparison.Peer is { } peer ? $"{Cell(peer)}" : "")} | {(comparison.Peer is null ? "" : Number(comparison.Figure))} | {comparison.Goal?.Text ?? "report"} | {(comparison.Goal is { } goal ? goal.Holds(comparison.Figure) ? "holds" : "**does not hold**" : "")} |\n");
        section.Append('\n');
        foreach (var comparison in comparisons) section.Append(CultureInfo.InvariantCulture, $"- {comparison.Work}: limited by {comparison.LimitedBy}.\n");
        var sides = comparisons.SelectMany(comparison => new[] { comparison.Ours, comparison.Peer }).OfType<Series>().Where(series => series.Command is not null).DistinctBy(series => series.Command).ToList();
        if (sides.Count > 0) section.Append('\n');
        foreach (var side in sides) section.Append(CultureInfo.InvariantCulture, $"- {side.Name}: `{side.Command}`\n");
        return section.Append(CultureInfo.InvariantCulture, $"<!-- /{benchmark.Name} -->\n").ToString();
    }

    static string Cell(Series series)
    {
        var name = series.Name.Replace("|", "\\|", StringComparison.Ordinal);
        return series.Values.Count == 1
            ? $"{name}: {Number(series.Median)} {series.Unit}"
            : $"{name}: {Number(series.Median)} {series.Unit} ({Number(series.Smallest)} – {Number(series.Greatest)})";
    }

    static string Number(double value) => value.ToString(value >= 100 ? "N0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
