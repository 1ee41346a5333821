using System.Globalization;

namespace Exchange.Samples.Identifiers;

/// <summary>Makes citizen identification numbers (GB 11643) of fictional people: division (6 digits), date of birth, sequence (3), check character by ISO 7064 MOD 11-2.</summary>
internal static class CitizenIds
{
    const string CheckCharacters = "10X98765432";

    static readonly int[] Weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

    public static string Make(string division, DateOnly born, int sequence)
    {
        var open = string.Create(CultureInfo.InvariantCulture, $"{division}{born:yyyyMMdd}{sequence:000}");
        return open + Check(open);
    }

    public static bool IsValid(string id) => id.Length == 18 && id[17] == Check(id[..17]);

    /// <summary>The same number with a wrong check character.</summary>
    public static string Break(string id) => id[..17] + CheckCharacters[(CheckCharacters.IndexOf(id[17], StringComparison.Ordinal) + 3) % CheckCharacters.Length];

    static char Check(string open) => CheckCharacters[open.Select((digit, at) => (digit - '0') * Weights[at]).Sum() % 11];
}
