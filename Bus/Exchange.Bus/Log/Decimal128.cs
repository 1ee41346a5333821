using System.Buffers.Binary;

namespace Exchange.Bus.Log;

/// <summary>
/// Between <see cref="decimal"/>, whose values each carry a scale of their own (0–28), and Arrow's decimal128(p,s): a little-endian two's-complement
/// whole number of units of 10^-s. Both ways are exact.
/// </summary>
internal sealed class Decimal128(int precision, int scale)
{
    /// <summary>Bytes of a value.</summary>
    public const int Width = 16;

    /// <summary>Powers of ten up to the greatest scale of a decimal.</summary>
    static readonly UInt128[] Powers = [.. PowersOfTen(28)];

    readonly UInt128 _limit = Powers[precision];

    /// <exception cref="OverflowException">The value has more digits, before or after the point, than the type.</exception>
    public void Write(decimal value, Span<byte> target)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var magnitude = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        var shift = scale - ((bits[3] >> 16) & 0xff);
        if (shift >= 0)
        {
            // Looked at before it is multiplied: the product could pass 128 bits. The shift is at most the scale, so at most the precision.
            magnitude = magnitude < Powers[precision - shift] ? magnitude * Powers[shift] : throw TooLong(value);
        }
        else
        {
            magnitude = Exactly(magnitude, Powers[-shift], value);
            if (magnitude >= _limit) throw TooLong(value);
        }

        var signed = (Int128)magnitude;
        BinaryPrimitives.WriteInt128LittleEndian(target, bits[3] < 0 ? -signed : signed);
    }

    /// <exception cref="InvalidDataException">The number has more digits than the type.</exception>
    public decimal Read(ReadOnlySpan<byte> source)
    {
        var signed = BinaryPrimitives.ReadInt128LittleEndian(source);
        var negative = signed < 0;
        var magnitude = (UInt128)(negative ? -signed : signed);
        if (magnitude >= _limit) throw new InvalidDataException($"A decimal128 value has more than {precision} digits.");
        var low = (ulong)magnitude;
        return new decimal((int)low, (int)(low >> 32), (int)(ulong)(magnitude >> 64), negative, (byte)scale);
    }

    static UInt128 Exactly(UInt128 magnitude, UInt128 divisor, decimal value)
    {
        var (quotient, remainder) = UInt128.DivRem(magnitude, divisor);
        return remainder == 0 ? quotient : throw new OverflowException($"A decimal with {value.Scale} digits after the point does not fit its item type.");
    }

    OverflowException TooLong(decimal value) => new($"A decimal with scale {value.Scale} has more digits than decimal({precision},{scale}) holds.");

    static IEnumerable<UInt128> PowersOfTen(int most)
    {
        var power = UInt128.One;
        for (var at = 0; at <= most; at++, power *= 10) yield return power;
    }
}
