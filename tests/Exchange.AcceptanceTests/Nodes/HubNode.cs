using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Nodes;

/// <summary>One `exchange run` as a process, with what it said.</summary>
internal sealed partial class HubNode : IDisposable
{
    const int SigTerm = 15, SigCont = 18, SigStop = 19;

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    readonly Process _process;
    readonly StringBuilder _said = new();

    HubNode(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_said) _said.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public int Id => _process.Id;

    /// <summary>As records and leases name it.</summary>
    public string Name => $"{Environment.MachineName}/{_process.Id}";

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Said
    {
        get
        {
            lock (_said) return _said.ToString();
        }
    }

    /// <param name="hub">Whose store and folder.</param>
    /// <param name="killAt">Step at which it kills itself, as EXCHANGE_KILL_AT takes it; null: it lives.</param>
    public static HubNode Start(TestHub hub, string? killAt = null)
    {
        if (killAt is not null) hub.Process.Environment["EXCHANGE_KILL_AT"] = killAt;
        try
        {
            return new HubNode(hub.Process.Start(hub.WithHub(["run"])));
        }
        finally
        {
            hub.Process.Environment.Remove("EXCHANGE_KILL_AT");
        }
    }

    public static HubNode Of(Process process) => new(process);

    public int Lines(string containing) => Said.Split('\n').Count(line => line.Contains(containing, StringComparison.Ordinal));

    public void Freeze() => Signal(SigStop);

    public void Wake() => Signal(SigCont);

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Ends it in good order.</summary>
    public async Task EndAsync()
    {
        Signal(SigTerm);
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
        Assert.AreEqual(0, _process.ExitCode, Said);
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    void Signal(int signal) => Assert.AreEqual(0, Send(_process.Id, signal));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Send(int process, int signal);
}
