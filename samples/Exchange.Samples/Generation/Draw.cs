namespace Exchange.Samples.Generation;

/// <summary>Draws from a seed: the same seed gives the same province on every machine. Not safe for concurrent use.</summary>
internal sealed class Draw(int seed)
{
    readonly Random _random = new(seed);

    public T Of<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    /// <summary>From 0, below the limit.</summary>
    public int Below(int limit) => _random.Next(limit);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    /// <summary>Both ends may come.</summary>
    public DateOnly Day(DateOnly from, DateOnly to) => from.AddDays(_random.Next(to.DayNumber - from.DayNumber + 1));

    /// <summary>Different places from 0, below the limit.</summary>
    public IReadOnlyList<int> Places(int count, int limit) => [.. Enumerable.Range(0, limit).OrderBy(_ => _random.Next()).Take(count)];
}
