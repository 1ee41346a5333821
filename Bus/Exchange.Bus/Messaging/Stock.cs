namespace Exchange.Bus.Messaging;

/// <summary>
/// How many messages this node claims: one for each handler that waits, and ahead of them as many as its handlers took in the last tenth of a second. So a busy node with
/// quick handlers claims many in one statement, and one whose handlers are slow hoards nothing while other nodes are idle. Used by the pump alone.
/// </summary>
/// <param name="most">Messages ahead at most.</param>
/// <param name="time">Clock.</param>
internal sealed class Stock(int most, TimeProvider time)
{
    static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    long _since = time.GetTimestamp();
    int _taken;
    int _ahead;
    bool _dry;

    /// <summary>Claimed and not yet asked for; negative: so many handlers wait.</summary>
    public int Left { get; private set; }

    /// <summary>Handlers that wait.</summary>
    public int Waiting => Math.Max(-Left, 0);

    /// <summary>How many to claim now; 0: enough is here, or the queue held no more when it was last asked and no handler waits.</summary>
    public int Wanted => Left >= 0 && (_dry || Left >= _ahead / 2) ? 0 : Math.Max(_ahead - Left, 0);

    /// <summary>So many came of those that were wanted.</summary>
    public void Claimed(int count, int wanted)
    {
        Left += count;
        _dry = count < wanted;
    }

    /// <summary>So many were given back unhandled.</summary>
    public void GaveBack(int count) => Left -= count;

    /// <summary>So many handlers ask for a message.</summary>
    public void Asked(int count)
    {
        Left -= count;
        _taken += count;
        var elapsed = time.GetElapsedTime(_since);
        if (elapsed < Window) return;
        _ahead = (int)Math.Min(most, _taken * (Window / elapsed));
        (_since, _taken) = (time.GetTimestamp(), 0);
    }
}
