using Exchange.Benchmarks.Exchanges;
using Exchange.Benchmarks.Measuring;
using Exchange.Benchmarks.Messages;

namespace Exchange.Benchmarks;

/// <summary>All benchmarks, in the order of docs/benchmarks.md.</summary>
internal static class Benchmarks
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        new FullPostgreSql(),
        new FullToMariaDb(),
        new FullFromMariaDb(),
        new FullFromSqlite(),
        new Increment(),
        new RealTime(),
        new Nodes(),
        new TriggerCost(),
        new Reconcile(),
        new Memory(),
        new MessagesPostgreSql(),
        new MessagesRabbitMq(),
        new MessagesSqlite(),
        new MessagesIdle(),
    ];
}
