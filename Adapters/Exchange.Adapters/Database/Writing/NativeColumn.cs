namespace Exchange.Adapters.Database.Writing;

/// <summary>A target's column as its engine keeps it: what must be known to write into it without loss.</summary>
/// <param name="Name">As the engine spells it.</param>
/// <param name="Type">The engine's bare type name, lower case: varchar, int4, datetime …</param>
/// <param name="Spelling">The whole type, for messages and temporary tables.</param>
internal sealed record NativeColumn(string Name, string Type, string Spelling)
{
    /// <summary>Greatest length: characters of varchar and char, bytes of MariaDB's text and blob types; null without a limit.</summary>
    public long? Length { get; init; }

    /// <summary>Digits of a numeric, fraction digits of a date-time; null without a limit.</summary>
    public int? Precision { get; init; }

    public int? Scale { get; init; }

    /// <summary>Computed by the engine, or an identity that takes no value: it can't be written.</summary>
    public bool Generated { get; init; }

    /// <summary>The clause that gives another column the same text comparison (<c>COLLATE …</c>); empty for columns without one.</summary>
    public string Collation { get; init; } = "";

    /// <summary>A date-time without zone: it holds the local time of the connection's zone.</summary>
    public bool Zoneless { get; init; }

    /// <summary>The code page of text that does not hold every character and changes the others in silence; null where text is Unicode, or the engine refuses what it cannot keep.</summary>
    public int? CodePage { get; init; }

    /// <summary>The engine drops trailing blanks of what is stored here.</summary>
    public bool DropsBlanks { get; init; }
}
