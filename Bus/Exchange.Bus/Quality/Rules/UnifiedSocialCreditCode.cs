using System.Text;

namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// The unified social credit code of GB 32100: 18 characters of an alphabet without I, O, S, V, Z: registering department (1), category (1),
/// division (6 digits), body (9), check character (1). The body's own check digit (GB 11714) is not enforced: its weights are not verified.
/// </summary>
internal static class UnifiedSocialCreditCode
{
    const int Length = 18;
    const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// <summary>Weights of the first 17 characters: powers of 3 modulo 31.</summary>
    static ReadOnlySpan<byte> Weights => [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    /// <summary>Value of each ASCII character, 255 for those outside the alphabet.</summary>
    static readonly byte[] Values = MakeValues();

    /// <summary>Null, or what is wrong with the code.</summary>
    public static string? Check(string code) => Check(Encoding.UTF8.GetBytes(code));

    /// <summary>Null, or what is wrong with the code (UTF-8).</summary>
    public static string? Check(ReadOnlySpan<byte> code)
    {
        if (code.Length != Length) return "is not a unified social credit code (GB 32100): it must have 18 characters, digits and capital letters";
        var sum = 0;
        for (var at = 0; at < Length - 1; at++)
        {
            var value = Values[code[at]];
            if (value == byte.MaxValue) return Foreign(at);
            if (at is >= 2 and <= 7 && value > 9) return "is not a unified social credit code (GB 32100): characters 3 to 8 are the division and must be digits";
            sum += value * Weights[at];
        }

        if (Values[code[Length - 1]] == byte.MaxValue) return Foreign(Length - 1);
        var expected = Alphabet[(Alphabet.Length - (sum % Alphabet.Length)) % Alphabet.Length];
        return code[Length - 1] == expected ? null : $"is not a unified social credit code (GB 32100): the check character must be {expected}";
    }

    static string Foreign(int at) =>
        $"is not a unified social credit code (GB 32100): character {at + 1} is neither a digit nor one of the capital letters A to Y without I, O, S, V";

    static byte[] MakeValues()
    {
        var values = new byte[256];
        Array.Fill(values, byte.MaxValue);
        for (var at = 0; at < Alphabet.Length; at++) values[Alphabet[at]] = (byte)at;
        return values;
    }
}
