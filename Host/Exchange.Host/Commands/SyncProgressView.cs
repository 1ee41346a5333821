using System.Diagnostics;
using System.Globalization;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>
/// Shows how far a sync is, on standard error: on a terminal one line for each source and subscription, redrawn in place; otherwise a plain line at most every few
/// seconds and at each end. Safe for concurrent reports.
/// </summary>
internal sealed class SyncProgressView : IProgress<SyncProgress>, IAsyncDisposable
{
    static readonly TimeSpan RedrawPause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan PlainPause = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly Terminal _terminal;
    readonly List<Entry> _entries = [];
    readonly CancellationTokenSource _ended = new();
    readonly Task _drawing;
    int _drawn;

    SyncProgressView(Terminal terminal)
    {
        _terminal = terminal;
        _drawing = DrawAsync();
    }

    public static SyncProgressView Start(Terminal terminal) => new(terminal);

    public void Report(SyncProgress value)
    {
        lock (_gate)
        {
            var entry = _entries.Find(known => known.Progress.Resource == value.Resource && known.Progress.Subscription == value.Subscription);
            if (entry is null) _entries.Add(entry = new Entry { Progress = value });
            var phase = entry.Progress.Phase;
            entry.Progress = value;
            if (_terminal.ErrorIsTerminal) return;
            if (!value.Ended && phase == value.Phase && entry.Shown.Elapsed < PlainPause) return;
            entry.Shown.Restart();
            _terminal.Error.WriteLine(Line(entry));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _drawing;
        Redraw();
        _ended.Dispose();
    }

    async Task DrawAsync()
    {
        if (!_terminal.ErrorIsTerminal) return;
        try
        {
            while (true)
            {
                await Task.Delay(RedrawPause, _ended.Token);
                Redraw();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    void Redraw()
    {
        if (!_terminal.ErrorIsTerminal) return;
        lock (_gate)
        {
            if (_drawn > 0) _terminal.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\u001b[{_drawn}A"));
            foreach (var entry in _entries) _terminal.Error.WriteLine($"\r\u001b[2K{Cut(Line(entry))}");
            _drawn = _entries.Count;
        }
    }

    /// <summary>A line that wraps could not be drawn over.</summary>
    static string Cut(string line)
    {
        var width = Math.Max(40, Console.BufferWidth) - 1;
        while (PlainTable.Width(line) > width) line = line[..^1];
        return line;
    }

    static string Line(Entry entry)
    {
        var progress = entry.Progress;
        var seconds = entry.Began.Elapsed.TotalSeconds;
        if (progress.CountsNothing) return $"{progress.Subscription ?? progress.Resource}: {progress.Phase}";
        if (progress.Subscription is { } subscription)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{subscription}: {progress.Phase}, {progress.Delivered:N0} rows delivered{Rate(progress.Delivered, seconds)}, {progress.Batches:N0} batches{(progress.Rejected > 0 ? $", {progress.Rejected:N0} refused" : "")}");
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"{progress.Resource}: {progress.Phase}{(progress.Ended ? " ended" : "")}, {progress.Read:N0} rows read{Rate(progress.Read, seconds)}, {progress.Batches:N0} batches, {progress.Rejected:N0} rejected{Remaining(progress, seconds)}");
    }

    static string Rate(long rows, double seconds) => rows > 0 && seconds > 0.5 ? string.Create(CultureInfo.InvariantCulture, $" ({rows / seconds:N0}/s)") : "";

    static string Remaining(SyncProgress progress, double seconds)
    {
        if (progress.Ended || progress.Expected is not { } expected || progress.Read == 0 || expected <= progress.Read) return "";
        var left = TimeSpan.FromSeconds(seconds * (expected - progress.Read) / progress.Read);
        return string.Create(CultureInfo.InvariantCulture, $", about {left:hh\\:mm\\:ss} left");
    }

    sealed class Entry
    {
        public required SyncProgress Progress { get; set; }
        public Stopwatch Began { get; } = Stopwatch.StartNew();
        public Stopwatch Shown { get; } = Stopwatch.StartNew();
    }
}
