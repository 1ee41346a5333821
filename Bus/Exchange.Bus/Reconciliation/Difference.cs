using Exchange.Contracts.Operations;

namespace Exchange.Bus.Reconciliation;

/// <summary>A key whose row was not the same on both sides when it was last looked at.</summary>
internal sealed class Difference
{
    /// <summary>Text of the target's key.</summary>
    public required string Key { get; init; }

    /// <summary>The key as the source has it, to read it anew by; null: it can't be told.</summary>
    public string? Natural { get; set; }

    /// <summary>Print of the row by the source; null: it has none.</summary>
    public ulong? Source { get; set; }

    /// <summary>Print of the row at the target; null: it has none.</summary>
    public ulong? Target { get; set; }

    /// <summary>Whether it still differed, unmoved, when nothing that could bring it was on its way.</summary>
    public bool Confirmed { get; set; }

    public DifferenceKind Kind => Target is null ? DifferenceKind.Missing : Source is null ? DifferenceKind.Extra : DifferenceKind.Different;
}

/// <summary>What a comparison found.</summary>
/// <param name="Held">Differences whose keys are held, at most <see cref="Comparison.MostHeld"/>.</param>
/// <param name="Further">Rows beyond those: how many of each kind.</param>
/// <param name="SourceRows">As read by this comparison.</param>
/// <param name="TargetRows">As read by this comparison; and what was repaired since.</param>
/// <param name="LeftOut">Keys that were not compared.</param>
/// <param name="InDatabase">Whether the checksums came from the databases.</param>
internal sealed record Found(Dictionary<UInt128, Difference> Held, Dictionary<DifferenceKind, long> Further, long SourceRows, long TargetRows, LeftOut LeftOut, bool InDatabase)
{
    /// <summary>How many rows the target has less than the source, by the differences held.</summary>
    public long Lacking => Held.Values.Count(difference => difference.Kind == DifferenceKind.Missing) - (long)Held.Values.Count(difference => difference.Kind == DifferenceKind.Extra);
}
