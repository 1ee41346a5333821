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
var rabbitMq = new Option<string>("--rabbitmq") { DefaultValueFactory = _ => "", Description = "AMQP address of a private RabbitMQ node" };
var write = new Option<string?>("--write") { Description = "file that the figures are written to, each benchmark's in a section of its own" };
var list = new Option<bool>("--list") { Description = "only list them" };
var command = new RootCommand("Measures the hub beside its peers, both sides in one run.") { names, rows, runs, postgreSql, mySql, rabbitMq, write, list };
command.SetAction(async (parsed, cancel) =>
{
    var wanted = parsed.GetValue(names) ?? [];
    if (wanted.Except(Benchmarks.All.Select(benchmark => benchmark.Name)).FirstOrDefault() is { } unknown)
    {
        Console.Error.WriteLine($"There is no benchmark '{unknown}'; --list shows them.");
        return 2;
    }

    var chosen = Benchmarks.All.Where(benchmark => wanted.Length == 0 || wanted.Contains(benchmark.Name)).ToList();
    if (parsed.GetValue(list))
    {
        foreach (var benchmark in chosen) Console.WriteLine($"{benchmark.Name,-40} {benchmark.Title}");
        return 0;
    }

    var folder = Directory.CreateTempSubdirectory("exchange-bench-").FullName;
    try
    {
        var settings = new BenchmarkSettings(parsed.GetValue(rows), parsed.GetValue(runs), folder, parsed.GetValue(postgreSql) ?? "", parsed.GetValue(mySql) ?? "", parsed.GetValue(rabbitMq) ?? "");
        var status = 0;
        foreach (var benchmark in chosen)
        {
            Console.WriteLine($"== {benchmark.Title}");
            IReadOnlyList<Comparison> comparisons;
            try
            {
                comparisons = await benchmark.RunAsync(settings, cancel);
            }
            catch (NotRunException exception)
            {
                Console.Error.WriteLine($"{benchmark.Name} not run: {exception.Message}");
                status = 1;
                continue;
            }
            catch (Exception exception) when (!cancel.IsCancellationRequested)
            {
                // Whatever a driver, a peer or the hub threw: the others can still be measured; the status tells.
                Console.Error.WriteLine($"{benchmark.Name} failed: {exception}");
                status = 1;
                continue;
            }

            foreach (var comparison in comparisons)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{comparison.Work}: {comparison.Ours.Median:0.###} {comparison.Ours.Unit}{(comparison.Peer is { } peer ? $", beside it {peer.Median:0.###} {peer.Unit}, ratio {comparison.Figure:0.##}" : "")}{(comparison.Goal is { } goal ? $"; {goal.Text}: {(goal.Holds(comparison.Figure) ? "holds" : "DOES NOT HOLD")}" : "")}"));
            if (parsed.GetValue(write) is { } file) await Report.WriteAsync(file, benchmark, settings, comparisons, cancel);
        }

        return status;
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
});
return await command.Parse(args).InvokeAsync();
