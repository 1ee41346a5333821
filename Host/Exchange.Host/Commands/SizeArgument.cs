using System.Globalization;
using System.Text.RegularExpressions;
using Exchange.Contracts.Errors;

namespace Exchange.Host.Commands;

/// <summary>Sizes as people type them.</summary>
internal static partial class SizeArgument
{
    /// <summary>Bytes: 500MiB, 20GiB, 2TiB, 20GB (powers of ten), 1048576.</summary>
    /// <exception cref="ExchangeException">Anything else.</exception>
    public static long Bytes(string text)
    {
        var match = Size().Match(text);
        if (!match.Success) throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"'{text}' is no size.", "A whole number with KiB, MiB, GiB or TiB, such as 256MiB or 20GiB.");
        var step = match.Groups[2].Value.EndsWith("iB", StringComparison.Ordinal) ? 1024L : 1000L;
        var power = match.Groups[2].Value switch { "" => 0, ['K', ..] => 1, ['M', ..] => 2, ['G', ..] => 3, _ => 4 };
        var bytes = long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        for (; power > 0; power--) bytes *= step;
        return bytes;
    }

    // Six digits: a million TiB still fit.
    [GeneratedRegex(@"^(\d{1,6}|\d{1,15}(?!\D))((?:[KMGT]i?B)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Size();
}
