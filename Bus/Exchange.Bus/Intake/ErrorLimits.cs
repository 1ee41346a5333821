using System.Globalization;

namespace Exchange.Bus.Intake;

/// <summary>`maxErrors` and `maxErrorPercent` of a resource.</summary>
internal static class ErrorLimits
{
    /// <summary>Rows that must have been read before a percentage says anything while the run goes on.</summary>
    const long FewestRows = 1_000;

    /// <summary>While the run goes on: stops early where the limit can't be met any more.</summary>
    public static void Check(ResourceRun run) => Check(run, ended: false);

    /// <summary>At the end of the run.</summary>
    public static void CheckAtEnd(ResourceRun run) => Check(run, ended: true);

    static void Check(ResourceRun run, bool ended)
    {
        var (rejected, read) = (run.Record.Rejected, run.Record.Read);
        if (run.Resource.MaxErrors is { } most && rejected > most)
            throw new ErrorLimitException(run.Name, string.Create(CultureInfo.InvariantCulture, $"because {rejected} rows were rejected and maxErrors is {most}"));
        if (run.Resource.MaxErrorPercent is not { } percent || rejected == 0 || rejected * 100m <= percent * read) return;
        // Percentages may yet fall while a full goes on; only its end, or a full that can't recover, decides.
        if (ended || (read >= FewestRows && run.Position.LastFullRows is { } expected && rejected * 100m > percent * Math.Max(expected, read)))
            throw new ErrorLimitException(run.Name, string.Create(CultureInfo.InvariantCulture, $"because {rejected} of {read} rows were rejected and maxErrorPercent is {percent}"));
    }
}
