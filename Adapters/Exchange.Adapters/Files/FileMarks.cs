namespace Exchange.Adapters.Files;

/// <summary>What a file is by the bytes that it begins and ends with.</summary>
internal static class FileMarks
{
    public const string Workbook = ".xlsx";

    public const string Parquet = ".parquet";

    /// <summary>The compound files of old Office programs; workbooks with a password are such ones too.</summary>
    public const string OldOffice = "compound";

    /// <returns>Null: text, or something unknown.</returns>
    public static string? FormOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        Span<byte> start = stackalloc byte[8], end = stackalloc byte[4];
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (start.StartsWith((ReadOnlySpan<byte>)[0x50, 0x4B, 0x03, 0x04])) return Workbook;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])) return OldOffice;
        // A column of a CSV file may well be called PAR1: only both ends make it sure.
        if (!start.StartsWith("PAR1"u8) && !start.StartsWith("PARE"u8)) return null;
        file.Seek(-Math.Min(file.Length, end.Length), SeekOrigin.End);
        file.ReadAtLeast(end, end.Length, throwOnEndOfStream: false);
        return end.SequenceEqual(start[..4]) ? Parquet : null;
    }
}
