using System.Globalization;
using System.Text.Json.Serialization;

namespace Exchange.Contracts.Rows;

/// <summary>What kind of value an item holds. How a kind lies in memory is said at <see cref="Column"/>.</summary>
public enum ItemKind
{
    /// <summary>Unicode text of at most n code points.</summary>
    String,
    /// <summary>Unicode text without a declared limit.</summary>
    Text,
    Int32,
    Int64,
    /// <summary>Exact decimal, at most 28 digits (the range of <see cref="decimal"/>).</summary>
    Decimal,
    /// <summary>IEEE 754 double, finite values only.</summary>
    Double,
    Boolean,
    /// <summary>Calendar date 0001-01-01 … 9999-12-31, no zone.</summary>
    Date,
    /// <summary>Instant in UTC with microseconds, years 0001 … 9999.</summary>
    Timestamp,
    Binary,
}

/// <summary>The declared type of an item, as a manifest writes it: <c>string(64)</c>, <c>decimal(12,2)</c>, <c>date</c> …</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Length">Greatest number of code points of a <see cref="ItemKind.String"/>, else 0.</param>
/// <param name="Precision">Total digits of a <see cref="ItemKind.Decimal"/>, else 0.</param>
/// <param name="Scale">Digits after the point of a <see cref="ItemKind.Decimal"/>, else 0.</param>
public readonly record struct ItemType(ItemKind Kind, int Length = 0, int Precision = 0, int Scale = 0)
{
    /// <summary>Digits that <see cref="decimal"/> holds without loss.</summary>
    public const int LargestPrecision = 28;

    /// <summary>Longest <c>string(n)</c>; longer text is <c>text</c>.</summary>
    public const int LargestLength = 1_000_000;

    /// <summary>Whether the values are references to contents that travel beside the rows (<see cref="AttachmentReference"/>). Not written where it is false, so that digests of older definitions stay.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsAttachment { get; init; }

    public bool IsText => Kind is ItemKind.String or ItemKind.Text;

    public static ItemType String(int length) => new(ItemKind.String, length);

    /// <summary>A file or other contents of any size; what stands in rows is the reference.</summary>
    public static ItemType Attachment { get; } = String(AttachmentReference.LongestText) with { IsAttachment = true };

    public static ItemType Decimal(int precision, int scale) => new(ItemKind.Decimal, Precision: precision, Scale: scale);

    /// <summary>Reads the spelling of a manifest.</summary>
    /// <param name="text">For example <c>decimal(12,2)</c>.</param>
    /// <param name="type">The type, when the answer is null.</param>
    /// <returns>Null, or what is wrong and what would be right.</returns>
    public static string? Parse(string text, out ItemType type)
    {
        type = default;
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var name = (open < 0 ? text : text[..open]).Trim();
        var arguments = Array.Empty<string>();
        if (open >= 0)
        {
            if (!text.TrimEnd().EndsWith(')')) return $"'{text}' lacks its closing parenthesis";
            arguments = text.TrimEnd()[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries);
        }

        switch (name)
        {
            case "string":
                if (arguments.Length != 1 || !Number(arguments[0], 1, LargestLength, out var length))
                    return $"string takes one length from 1 to {LargestLength}, as in string(64); without a limit the type is text";
                type = String(length);
                return null;
            case "decimal":
                if (arguments.Length != 2 || !Number(arguments[0], 1, LargestPrecision, out var precision) || !Number(arguments[1], 0, precision, out var scale))
                    return $"decimal takes digits (1 to {LargestPrecision}) and digits after the point, as in decimal(12,2)";
                type = Decimal(precision, scale);
                return null;
        }

        if (name == Contents)
        {
            type = Attachment;
            return open < 0 ? null : $"{name} takes no arguments";
        }

        if (!Plain.TryGetValue(name, out var kind))
            return $"unknown type '{text}'; the types are string(n), text, int32, int64, decimal(p,s), double, boolean, date, timestamp, binary, attachment";
        if (open >= 0) return $"{name} takes no arguments";
        type = new ItemType(kind);
        return null;
    }

    public override string ToString() => Kind switch
    {
        _ when IsAttachment => Contents,
        ItemKind.String => string.Create(CultureInfo.InvariantCulture, $"string({Length})"),
        ItemKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})"),
        var kind => Plain.First(entry => entry.Value == kind).Key,
    };

    const string Contents = "attachment";

    static readonly Dictionary<string, ItemKind> Plain = new(StringComparer.Ordinal)
    {
        ["text"] = ItemKind.Text,
        ["int32"] = ItemKind.Int32,
        ["int64"] = ItemKind.Int64,
        ["double"] = ItemKind.Double,
        ["boolean"] = ItemKind.Boolean,
        ["date"] = ItemKind.Date,
        ["timestamp"] = ItemKind.Timestamp,
        ["binary"] = ItemKind.Binary,
    };

    static bool Number(string text, int from, int to, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= from && value <= to;
}
