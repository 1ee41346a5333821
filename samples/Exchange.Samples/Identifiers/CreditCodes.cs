namespace Exchange.Samples.Identifiers;

/// <summary>
/// Makes unified social credit codes (GB 32100) of fictional bodies: registering department and category (2 characters), division (6), body (9, the last a check
/// character by GB 11714), check character. Written apart from the hub's own rule, so that each is a test of the other.
/// </summary>
internal static class CreditCodes
{
    const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    static readonly int[] CodeWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

    static readonly int[] BodyWeights = [3, 7, 9, 10, 5, 8, 4, 2];

    /// <param name="category">For example 91: enterprise, registered by market regulation; 11: government body.</param>
    /// <param name="division">Six digits; 99… is given to no real place.</param>
    /// <param name="body">Eight characters.</param>
    public static string Make(string category, string division, string body)
    {
        var open = category + division + body + BodyCheck(body);
        return open + Check(open);
    }

    /// <summary>Whether the check character of the whole code is right.</summary>
    public static bool IsValid(string code) => code.Length == 18 && code.All(letter => Alphabet.Contains(letter, StringComparison.Ordinal)) && code[17] == Check(code[..17]);

    /// <summary>The same code with a wrong check character.</summary>
    public static string Break(string code) => code[..17] + Alphabet[(Alphabet.IndexOf(code[17], StringComparison.Ordinal) + 7) % Alphabet.Length];

    static char Check(string open)
    {
        var sum = open.Select((letter, at) => Alphabet.IndexOf(letter, StringComparison.Ordinal) * CodeWeights[at]).Sum();
        return Alphabet[(Alphabet.Length - (sum % Alphabet.Length)) % Alphabet.Length];
    }

    /// <summary>GB 11714: letters count from A = 10.</summary>
    static char BodyCheck(string body)
    {
        var sum = body.Select((letter, at) => (char.IsAsciiDigit(letter) ? letter - '0' : letter - 'A' + 10) * BodyWeights[at]).Sum();
        return (11 - (sum % 11)) switch { 11 => '0', 10 => 'X', var digit => (char)('0' + digit) };
    }
}
