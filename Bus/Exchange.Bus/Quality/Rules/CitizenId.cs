namespace Exchange.Bus.Quality.Rules;

/// <summary>
/// The citizen identification number of GB 11643: division (6 digits), date of birth (8), sequence (3), check character by ISO 7064 MOD 11-2
/// (0–9 or X). The division is not looked up: divisions are renumbered, numbers are not.
/// </summary>
internal static class CitizenId
{
    const int Length = 18;

    static ReadOnlySpan<byte> Weights => [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

    static ReadOnlySpan<byte> CheckCharacters => "10X98765432"u8;

    /// <summary>Null, or what is wrong with the number.</summary>
    /// <param name="id">UTF-8.</param>
    /// <param name="today">No one is born later.</param>
    public static string? Check(ReadOnlySpan<byte> id, DateOnly today)
    {
        if (id.Length != Length) return "is not a citizen identification number (GB 11643): it must have 18 characters";
        var sum = 0;
        for (var at = 0; at < Length - 1; at++)
        {
            var digit = id[at] - '0';
            if ((uint)digit > 9) return $"is not a citizen identification number (GB 11643): character {at + 1} must be a digit";
            sum += digit * Weights[at];
        }

        var (year, month, day) = (Number(id[6..10]), Number(id[10..12]), Number(id[12..14]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return "is not a citizen identification number (GB 11643): characters 7 to 14 are not a real date of birth";
        if (new DateOnly(year, month, day) > today) return "is not a citizen identification number (GB 11643): the date of birth lies in the future";
        var expected = CheckCharacters[sum % CheckCharacters.Length];
        return id[Length - 1] == expected ? null : $"is not a citizen identification number (GB 11643): the check character must be {(char)expected}";
    }

    static int Number(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        foreach (var digit in digits) value = (value * 10) + digit - '0';
        return value;
    }
}
