using System.Diagnostics;

namespace Exchange.Host.Demo;

/// <summary>Runs this program a second time beside the demo, as an operator would in another window.</summary>
internal static class ChildExchange
{
    /// <summary>What a shell reports of a process that was killed (128 + SIGKILL).</summary>
    public const int Killed = 137;

    /// <param name="killAt">Step at which the child kills itself, as EXCHANGE_KILL_AT takes it; null: it lives.</param>
    /// <param name="arguments">Of the command line.</param>
    /// <param name="told">Takes the lines of its progress and errors as they come.</param>
    /// <param name="cancel">Ends the child.</param>
    /// <returns>Its exit status.</returns>
    public static async Task<int> RunAsync(string? killAt, IReadOnlyList<string> arguments, Action<string> told, CancellationToken cancel)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        // By `dotnet exchange.dll` the process is dotnet, and its first argument the program.
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase)) start.ArgumentList.Add(typeof(ChildExchange).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment.Remove("EXCHANGE_STORE");
        start.Environment.Remove("EXCHANGE_KILL_AT");
        if (killAt is not null) start.Environment["EXCHANGE_KILL_AT"] = killAt;
        using var child = Process.Start(start) ?? throw new InvalidOperationException("The program could not be started a second time.");
        try
        {
            var output = child.StandardOutput.ReadToEndAsync(cancel);
            while (await child.StandardError.ReadLineAsync(cancel) is { } line) told(line);
            await output;
            await child.WaitForExitAsync(cancel);
            return child.ExitCode;
        }
        catch (OperationCanceledException)
        {
            child.Kill(entireProcessTree: true);
            throw;
        }
    }
}
