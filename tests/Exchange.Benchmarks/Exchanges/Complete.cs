using System.Globalization;
using Exchange.Benchmarks.Measuring;
using Npgsql;

namespace Exchange.Benchmarks.Exchanges;

/// <summary>A figure counts only when the work was done.</summary>
internal static class Complete
{
    public static string Work(string target, BenchmarkSettings settings) => string.Create(CultureInfo.InvariantCulture, $"{settings.Rows:N0} rows of 20 columns, quality rules on, {target}");

    public static async Task CheckAsync(NpgsqlDataSource database, string table, long rows, CancellationToken cancel) => Check(await Servers.CountAsync(database, table, cancel), rows);

    public static void Check(long found, long rows)
    {
        if (found != rows) throw new InvalidOperationException($"{found} of {rows} rows came through.");
    }
}
