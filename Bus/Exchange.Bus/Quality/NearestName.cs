namespace Exchange.Bus.Quality;

/// <summary>The known name that a mistyped one was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>Past this many wrong letters a suggestion would be a guess.</summary>
    const int MostEdits = 3;

    /// <summary><c>; did you mean 'x'?</c>, or nothing when no known name is near.</summary>
    public static string Hint(string name, IEnumerable<string> known)
    {
        var (best, edits) = ("", MostEdits + 1);
        foreach (var candidate in known)
        {
            var distance = Distance(name, candidate);
            if (distance < edits && distance < Math.Max(name.Length, candidate.Length)) (best, edits) = (candidate, distance);
        }

        return edits <= MostEdits ? $"; did you mean '{best}'?" : "";
    }

    /// <summary>Letters to insert, remove or replace; more than <see cref="MostEdits"/> when the lengths alone tell.</summary>
    static int Distance(string from, string to)
    {
        if (Math.Abs(from.Length - to.Length) > MostEdits) return MostEdits + 1;
        var row = new int[to.Length + 1];
        for (var at = 0; at < row.Length; at++) row[at] = at;
        for (var at = 0; at < from.Length; at++)
        {
            var diagonal = row[0];
            row[0] = at + 1;
            for (var to1 = 1; to1 < row.Length; to1++)
            {
                var replace = diagonal + (char.ToLowerInvariant(from[at]) == char.ToLowerInvariant(to[to1 - 1]) ? 0 : 1);
                diagonal = row[to1];
                row[to1] = Math.Min(replace, Math.Min(row[to1], row[to1 - 1]) + 1);
            }
        }

        return row[^1];
    }
}
