using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>What a document needs beside its text: values of the variables that it takes, and the texts that export calls `unchanged`. Secret; lives only in memory.</summary>
/// <param name="Variables">Name → value when it was applied.</param>
/// <param name="Literals">Field of the spec → text as it was given.</param>
internal sealed record DocumentSecrets(SortedDictionary<string, string> Variables, SortedDictionary<string, string> Literals)
{
    public static DocumentSecrets None { get; } = new(new(StringComparer.Ordinal), new(StringComparer.Ordinal));

    public bool IsEmpty => Variables.Count == 0 && Literals.Count == 0;

    /// <summary>Stable: equal secrets have equal texts.</summary>
    public string ToJson() => JsonSerializer.Serialize(this);

    /// <summary>Read by hand: every command reads secrets before it does anything, and a serializer that is set up for two lists of texts takes longer than all documents.</summary>
    public static DocumentSecrets FromJson(string json)
    {
        using var read = JsonDocument.Parse(json);
        return new(Texts(read.RootElement.GetProperty(nameof(Variables))), Texts(read.RootElement.GetProperty(nameof(Literals))));
    }

    static SortedDictionary<string, string> Texts(JsonElement named)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in named.EnumerateObject()) texts[text.Name] = text.Value.GetString()!;
        return texts;
    }

    public override string ToString() => "(secrets)";
}

/// <summary>A manifest as the store holds it.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">metadata.name.</param>
/// <param name="Title">metadata.title.</param>
/// <param name="Document">Canonical YAML, as export writes it.</param>
/// <param name="Secrets">In clear, in memory only.</param>
/// <param name="Generation">See <see cref="Resource.Generation"/>; 1 for other kinds.</param>
/// <param name="AppliedAt">When it was last changed.</param>
/// <param name="AppliedBy">Who changed it last: user@host of the operating system.</param>
internal sealed record StoredDocument(ManifestKind Kind, string Name, string? Title, string Document, DocumentSecrets Secrets, int Generation, DateTimeOffset AppliedAt, string AppliedBy)
{
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Document)));

    public bool SaysTheSameAs(StoredDocument other) => Document == other.Document && Secrets.ToJson() == other.Secrets.ToJson();
}
