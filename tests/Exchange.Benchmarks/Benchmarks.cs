using Exchange.Benchmarks.Measuring;

namespace Exchange.Benchmarks;

/// <summary>All benchmarks, in the order of docs/benchmarks.md.</summary>
internal static class Benchmarks
{
    public static IReadOnlyList<IBenchmark> All { get; } = [];
}
