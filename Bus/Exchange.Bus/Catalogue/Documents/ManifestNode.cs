namespace Exchange.Bus.Catalogue.Documents;

/// <summary>A piece of a manifest with the line that it starts on. Immutable; aliases share nodes.</summary>
/// <param name="Line">From 1.</param>
internal abstract record ManifestNode(int Line)
{
    /// <summary>Nodes of this piece, itself included, aliases counted as often as they are used.</summary>
    public abstract long Size { get; }

    /// <summary>Levels of this piece, 1 for a scalar.</summary>
    public abstract int Height { get; }

    /// <summary>What people call it, for messages.</summary>
    public abstract string Called { get; }

    /// <summary>The piece at a path such as <c>items[2].rules[0]</c>, or its nearest ancestor that is there.</summary>
    public ManifestNode At(string path)
    {
        var node = this;
        foreach (var step in path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            var next = node switch
            {
                MapNode map => map.Find(step)?.Value,
                ListNode list when int.TryParse(step, out var at) && at >= 0 && at < list.Items.Count => list.Items[at],
                _ => null,
            };
            if (next is null) return node;
            node = next;
        }

        return node;
    }
}

/// <summary>A text; its type is the schema's business.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Raw">As it was given, <c>${NAME}</c> and all.</param>
/// <param name="Text">With variables filled in.</param>
/// <param name="Quoted">Whether it stood in quotes: an unquoted nothing, ~ or null is no value.</param>
internal sealed record ScalarNode(int Line, string Raw, string Text, bool Quoted) : ManifestNode(Line)
{
    /// <summary>A variable in it is not set, which has been reported: nothing further is said about it.</summary>
    public bool IsUnresolved { get; init; }

    public bool IsNull => !Quoted && (Raw is "" or "~" or "null" or "Null" or "NULL");

    public override long Size => 1;

    public override int Height => 1;

    public override string Called => IsNull ? "nothing" : "a single value";

    // The text may be secret.
    public override string ToString() => $"scalar at line {Line}";
}

internal sealed record ListNode(int Line, IReadOnlyList<ManifestNode> Items) : ManifestNode(Line)
{
    public override long Size { get; } = 1 + Items.Sum(item => item.Size);

    public override int Height { get; } = 1 + Items.Select(item => item.Height).DefaultIfEmpty(0).Max();

    public override string Called => "a list";
}

/// <param name="Key">The key as text.</param>
/// <param name="Line">The key's line.</param>
/// <param name="Value">What stands behind it.</param>
internal sealed record MapEntry(string Key, int Line, ManifestNode Value);

internal sealed record MapNode(int Line, IReadOnlyList<MapEntry> Entries) : ManifestNode(Line)
{
    public override long Size { get; } = 1 + Entries.Sum(entry => entry.Value.Size);

    public override int Height { get; } = 1 + Entries.Select(entry => entry.Value.Height).DefaultIfEmpty(0).Max();

    public override string Called => "keys and values";

    public MapEntry? Find(string key) => Entries.FirstOrDefault(entry => string.Equals(entry.Key, key, StringComparison.Ordinal));
}
