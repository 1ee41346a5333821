namespace Exchange.Host.Output;

/// <summary>What the process says when it ends.</summary>
internal static class ExitStatus
{
    public const int Done = 0;
    public const int Failed = 1;
    /// <summary>Wrong usage or a bad manifest; nothing was changed.</summary>
    public const int WrongUsage = 2;
    /// <summary>Done, but this run rejected rows.</summary>
    public const int Rejected = 3;
    /// <summary>Source and target differ.</summary>
    public const int Differ = 4;
    /// <summary>Stopped by Ctrl-C, as shells say it (128 + SIGINT).</summary>
    public const int Stopped = 130;
}
