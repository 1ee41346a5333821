namespace Exchange.Adapters.Database.SqlServer;

/// <summary>What a <see cref="Reading.ColumnShape"/> keeps of the engine's type.</summary>
/// <param name="Spelling">As DDL says it.</param>
/// <param name="Collation">Of text.</param>
/// <param name="IsLarge">Whether a value may be too large to be sent before its length was looked at.</param>
/// <param name="IsClr">hierarchyid, geography, geometry and the department's own: such types show themselves by a method.</param>
internal readonly record struct SqlServerNative(string Spelling, string? Collation, bool IsLarge, bool IsClr)
{
    const string Collate = " COLLATE ";
    const char Large = '*', Clr = '.';

    public SqlServerNative(SqlServerType type)
        : this(type.Spelling, type.IsText ? type.Collation : null, type.IsLarge, type.IsClr)
    {
    }

    /// <summary>Reads back what <see cref="ToString"/> wrote.</summary>
    public SqlServerNative(string text)
        : this("", null, text.EndsWith(Large), text.TrimEnd(Large).EndsWith(Clr))
    {
        var parts = text.TrimEnd(Large, Clr).Split(Collate);
        (Spelling, Collation) = (parts[0], parts.Length > 1 ? parts[1] : null);
    }

    public bool IsMax => Spelling.EndsWith("(max)", StringComparison.Ordinal);

    /// <summary>text and ntext, which neither compare nor sort.</summary>
    public bool IsLegacy => Spelling is "text" or "ntext";

    public override string ToString() => $"{Spelling}{(Collation is null ? "" : Collate + Collation)}{(IsClr ? Clr : "")}{(IsLarge ? Large : "")}";
}
