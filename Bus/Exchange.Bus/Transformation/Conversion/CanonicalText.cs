using System.Globalization;

namespace Exchange.Bus.Transformation.Conversion;

/// <summary>Numbers as the culture-free texts that <see cref="Exchange.Contracts.Rows.Column.TextAt"/> gives.</summary>
internal static class CanonicalText
{
    /// <summary>Without trailing zeros: 1.50 and 1.5 have one text.</summary>
    public static string Of(decimal number)
    {
        var text = number.ToString(CultureInfo.InvariantCulture);
        if (text.Contains('.', StringComparison.Ordinal)) text = text.TrimEnd('0').TrimEnd('.');
        return text == "-0" ? "0" : text;
    }

    public static string Of(double number) => (number == 0 ? 0 : number).ToString("R", CultureInfo.InvariantCulture);
}
