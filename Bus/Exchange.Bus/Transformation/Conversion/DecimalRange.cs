namespace Exchange.Bus.Transformation.Conversion;

/// <summary>Whether numbers fit decimal(p,s).</summary>
internal static class DecimalRange
{
    static readonly decimal[] Powers = [.. Enumerable.Range(0, 29).Select(exponent => Enumerable.Repeat(10m, exponent).Aggregate(1m, (product, ten) => product * ten))];

    /// <summary>The number rounded to the scale, away from zero at the half; false when more digits stand before the point than the type holds.</summary>
    public static bool TryFit(decimal number, int precision, int scale, out decimal fitted)
    {
        fitted = Math.Round(number, scale, MidpointRounding.AwayFromZero);
        return Math.Abs(fitted) < Powers[precision - scale];
    }

    /// <summary>As <see cref="TryFit"/>, but without rounding: digits beyond the scale do not fit.</summary>
    public static bool FitsExactly(decimal number, int precision, int scale) => TryFit(number, precision, scale, out var fitted) && fitted == number;
}
