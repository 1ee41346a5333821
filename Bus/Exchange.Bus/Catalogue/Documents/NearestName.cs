namespace Exchange.Bus.Catalogue.Documents;

/// <summary>Finds what somebody probably meant.</summary>
internal static class NearestName
{
    /// <summary>The candidate with the fewest single edits (insert, remove, replace, swap neighbours), when they are few for its length; else null.</summary>
    public static string? Of(string typed, IEnumerable<string> candidates)
    {
        // Of very short words nearly every other one is near: only letter case counts there.
        var most = typed.Length switch { <= 2 => 0, 3 => 1, <= 7 => 2, < 12 => 3, _ => 4 };
        var (best, least) = ((string?)null, most + 1);
        foreach (var candidate in candidates.Order(StringComparer.Ordinal))
        {
            if (Math.Abs(candidate.Length - typed.Length) >= least) continue;
            // Letter case alone is the likeliest slip.
            var edits = string.Equals(typed, candidate, StringComparison.OrdinalIgnoreCase) ? 0 : Edits(typed, candidate);
            if (edits < least) (best, least) = (candidate, edits);
        }

        return best;
    }

    /// <summary>" — did you mean 'x'?", or the known names when none is near and they are few.</summary>
    public static string Hint(string typed, IReadOnlyCollection<string> candidates)
    {
        // A list longer than this is no help in one line.
        const int FewNames = 16;
        if (Of(typed, candidates) is { } near) return $"; did you mean '{near}'?";
        return candidates.Count is > 0 and <= FewNames ? $"; known: {string.Join(", ", candidates)}" : "";
    }

    /// <summary>Damerau-Levenshtein distance in its restricted form (no piece is edited twice).</summary>
    static int Edits(string from, string to)
    {
        var distance = new int[from.Length + 1, to.Length + 1];
        for (var row = 0; row <= from.Length; row++) distance[row, 0] = row;
        for (var column = 0; column <= to.Length; column++) distance[0, column] = column;
        for (var row = 1; row <= from.Length; row++)
        for (var column = 1; column <= to.Length; column++)
        {
            var cost = from[row - 1] == to[column - 1] ? 0 : 1;
            var edits = Math.Min(Math.Min(distance[row - 1, column] + 1, distance[row, column - 1] + 1), distance[row - 1, column - 1] + cost);
            if (row > 1 && column > 1 && from[row - 1] == to[column - 2] && from[row - 2] == to[column - 1]) edits = Math.Min(edits, distance[row - 2, column - 2] + 1);
            distance[row, column] = edits;
        }

        return distance[from.Length, to.Length];
    }
}
