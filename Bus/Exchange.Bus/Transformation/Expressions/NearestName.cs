namespace Exchange.Bus.Transformation.Expressions;

/// <summary>The known name that a mistyped one is likely meant to be.</summary>
internal static class NearestName
{
    /// <returns>Null when none is near: at most a third of the letters differ, at least one.</returns>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var limit = Math.Max(1, Math.Min(name.Length, 64) / 3);
        string? nearest = null;
        foreach (var candidate in known)
        {
            if (string.Equals(candidate, name, StringComparison.OrdinalIgnoreCase)) return candidate;
            if (Math.Abs(candidate.Length - name.Length) > limit || candidate.Length > 256) continue;
            var distance = Distance(name, candidate);
            if (distance > limit) continue;
            limit = distance - 1;
            nearest = candidate;
        }

        return nearest;
    }

    /// <summary>Letters to insert, delete or replace.</summary>
    static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var at = 0; at <= b.Length; at++) row[at] = at;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j - 1], row[j]) + 1);
            }
        }

        return row[b.Length];
    }
}
