namespace Exchange.Bus.Runs;

/// <summary>How this process is named in records: machine and process id.</summary>
internal static class Node
{
    public static string Name { get; } = $"{Environment.MachineName}/{Environment.ProcessId}";
}
