using Exchange.Bus.Quarantine;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// Rows of a page that are good only as long as another row of the page is: a child whose parent comes with it, a row that takes over a value that
/// another gives up. When the other row turns out to be broken, they are judged again.
/// </summary>
internal sealed class Dependants
{
    readonly Dictionary<int, List<(int Row, Func<BrokenRule?> Again)>> _byRow = [];

    /// <param name="on">The row that must be good.</param>
    /// <param name="row">The row that needs it.</param>
    /// <param name="again">Judges that row again: null when something else holds it up.</param>
    public void Add(int on, int row, Func<BrokenRule?> again)
    {
        if (!_byRow.TryGetValue(on, out var list)) _byRow[on] = list = [];
        list.Add((row, again));
    }

    /// <summary>Follows broken rows to those that needed them, until nothing changes.</summary>
    public void Settle(Findings findings)
    {
        var broken = new Queue<int>(_byRow.Keys.Where(findings.IsBroken).Order());
        while (broken.TryDequeue(out var on))
        {
            if (!_byRow.Remove(on, out var dependants)) continue;
            foreach (var (row, again) in dependants)
            {
                if (again() is not { } problem) continue;
                if (!findings.IsBroken(row)) broken.Enqueue(row);
                findings.Add(row, problem);
            }
        }
    }
}
