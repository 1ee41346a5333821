using Exchange.Bus.Catalogue;
using Exchange.Bus.Quality.Conversion;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Quality;

/// <summary>Finds steps and date formats of `normalize` that are unknown, have no effect, or could read one text in two ways.</summary>
internal static class NormalizeCheck
{
    public static void Check(Item item, string path, List<(string Path, string Message)> problems)
    {
        // ISO 8601 is always read, so a format must not read the same text otherwise.
        var formats = new List<DateFormat>();
        foreach (var iso in new[] { "yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ss" })
            if (DateFormat.Parse(iso, out var format) is null) formats.Add(format!);
        for (var at = 0; at < item.Normalize.Count; at++)
            if (Problem(item, item.Normalize[at], formats) is { } problem)
                problems.Add(($"{path}.normalize[{at}]", problem));
            else if (item.Normalize.Take(at).Contains(item.Normalize[at]))
                problems.Add(($"{path}.normalize[{at}]", $"'{item.Normalize[at]}' is written twice"));
        if (item.Normalize.Contains(TextNormalizer.Upper) && item.Normalize.Contains(TextNormalizer.Lower)) problems.Add(($"{path}.normalize", "upper and lower undo each other"));
        if (item.Normalize.Contains(TextNormalizer.HalfWidth) && item.Normalize.Contains(TextNormalizer.FullWidth)) problems.Add(($"{path}.normalize", "halfwidth and fullwidth undo each other"));
    }

    static string? Problem(Item item, string step, List<DateFormat> formats)
    {
        if (DateFormat.LooksLikeOne(step))
        {
            if (item.Type.Kind is not (ItemKind.Date or ItemKind.Timestamp)) return $"a date format is for dates and timestamps; the item is of type {item.Type}";
            if (DateFormat.Parse(step, out var format) is { } wrong) return wrong;
            var other = formats.FirstOrDefault(known => known.IsAmbiguousWith(format!));
            formats.Add(format!);
            return other is null ? null : $"'{step}' and '{other}' read the same text as different dates";
        }

        if (!TextNormalizer.Steps.Contains(step))
            return $"unknown normalisation '{step}'{NearestName.Hint(step, TextNormalizer.Steps)}; there are {string.Join(", ", TextNormalizer.Steps)} and date formats such as yyyyMMdd";
        if (item.Type.Kind == ItemKind.Binary) return $"'{step}' is for text; the item is of type {item.Type}";
        return !item.Type.IsText && step is (TextNormalizer.FullWidth or TextNormalizer.Upper or TextNormalizer.Lower)
            ? $"'{step}' has no effect on the type {item.Type}"
            : null;
    }
}
