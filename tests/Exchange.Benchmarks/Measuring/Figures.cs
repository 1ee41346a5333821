namespace Exchange.Benchmarks.Measuring;

/// <summary>Collects the values of several series, run by run.</summary>
internal sealed class Figures
{
    readonly Dictionary<string, List<double>> _values = new(StringComparer.Ordinal);

    public void Add(string series, double value)
    {
        if (!_values.TryGetValue(series, out var values)) _values[series] = values = [];
        values.Add(value);
    }

    public Series Series(string series, string name, string unit, string? command = null) => new(name, unit, _values[series], command);

    /// <summary>Runs all sides in turn: one round that is not counted, then as many as are asked for.</summary>
    /// <param name="runs">Counted rounds.</param>
    /// <param name="round">Adds to the figures it is given.</param>
    public static async Task<Figures> CollectAsync(int runs, Func<Figures, Task> round)
    {
        await round(new Figures());
        var figures = new Figures();
        for (var run = 0; run < runs; run++) await round(figures);
        return figures;
    }
}
