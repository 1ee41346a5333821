namespace Exchange.Bus.Catalogue.Checks;

/// <summary>The unified social credit code of GB 32100-2015: 17 characters and a check character, weights 3^i mod 31.</summary>
internal static class UnifiedCreditCode
{
    const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const int Length = 18;

    static readonly int[] Weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    /// <returns>Null, or what is wrong with the code.</returns>
    public static string? Problem(string code)
    {
        if (code.Length != Length) return $"a unified social credit code has {Length} characters, '{code}' has {code.Length}";
        var sum = 0;
        for (var at = 0; at < Length; at++)
        {
            var value = Alphabet.IndexOf(code[at], StringComparison.Ordinal);
            if (value < 0) return $"'{code}' is no unified social credit code: character {at + 1}, '{code[at]}', is not in its alphabet (digits and capital letters without I, O, S, V, Z)";
            if (at < Weights.Length) sum += value * Weights[at];
        }

        var expected = Alphabet[(Alphabet.Length - (sum % Alphabet.Length)) % Alphabet.Length];
        return code[^1] == expected ? null : $"'{code}' is no unified social credit code: its check character would be {expected} (GB 32100)";
    }
}
