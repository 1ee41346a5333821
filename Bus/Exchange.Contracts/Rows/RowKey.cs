using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Exchange.Contracts.Rows;

/// <summary>
/// A row's key as text: the canonical texts of the key items as a JSON array, <c>["A-1","2026-07-01"]</c>. Two keys are the same
/// exactly when their texts are, whatever a database's collation thinks of them.
/// </summary>
public static class RowKey
{
    static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(RowBatch batch, IReadOnlyList<int> keyOrdinals, int row)
    {
        var parts = new string?[keyOrdinals.Count];
        for (var at = 0; at < parts.Length; at++) parts[at] = batch.Columns[keyOrdinals[at]].TextAt(row);
        return Text(parts);
    }

    public static string Text(IReadOnlyList<string?> values) => JsonSerializer.Serialize(values, Readable);

    public static string?[] Values(string keyText) => JsonSerializer.Deserialize<string?[]>(keyText) ?? [];

    /// <summary>A short name for a key text, fit for an index: the first 128 bits of SHA-256 in hexadecimal.</summary>
    public static string Digest(string keyText)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(keyText), hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}
