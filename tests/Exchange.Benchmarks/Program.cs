using System.CommandLine;
using System.Globalization;
using Exchange.Benchmarks;
using Exchange.Benchmarks.Measuring;

// The servers are private ones with durable settings.
var names = new Argument<string[]>("names") { Arity = ArgumentArity.ZeroOrMore, Description = "which benchmarks; none: all" };
var rows = new Option<int>("--rows") { DefaultValueFactory = _ => 1_000_000, Description = "rows of the large table" };
var runs = new Option<int>("--runs") { DefaultValueFactory = _ => 5, Description = "measured runs of each side" };
var postgreSql = new Option<string>("--postgresql") { DefaultValueFactory = _ => "", Description = "connection string of a private PostgreSQL server" };
var mySql = new Option<string>("--mysql") { DefaultValueFactory = _ => "", Description = "connection string of a private MariaDB server" };
var list = new Option<bool>("--list") { Description = "only list them" };
var command = new RootCommand("Measures the hub beside its peers, both sides in one run.") { names, rows, runs, postgreSql, mySql, list };
command.SetAction(async (parsed, cancel) =>
{
    var wanted = parsed.GetValue(names) ?? [];
    var chosen = Benchmarks.All.Where(benchmark => wanted.Length == 0 || wanted.Contains(benchmark.Name)).ToList();
    if (parsed.GetValue(list))
    {
        foreach (var benchmark in chosen) Console.WriteLine($"{benchmark.Name,-40} {benchmark.Title}");
        return 0;
    }

    var folder = Directory.CreateTempSubdirectory("exchange-bench-").FullName;
    try
    {
        var settings = new BenchmarkSettings(parsed.GetValue(rows), parsed.GetValue(runs), folder, parsed.GetValue(postgreSql) ?? "", parsed.GetValue(mySql) ?? "");
        foreach (var benchmark in chosen)
            foreach (var comparison in await benchmark.RunAsync(settings, cancel))
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{comparison.Work}: {comparison.Ours.Median:0.###} {comparison.Ours.Unit}, figure {comparison.Figure:0.##}"));
        return 0;
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
});
return await command.Parse(args).InvokeAsync();
