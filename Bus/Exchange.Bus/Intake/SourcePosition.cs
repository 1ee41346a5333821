using Exchange.Bus.Reorganisation;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Intake;

/// <summary>How far a source has been read. Stored whole in the transaction that appends, so it never says more than the log holds.</summary>
internal sealed record SourcePosition
{
    /// <summary>Digest of what decides how the source is read and judged; another one asks for a full.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>A full under way; null: none.</summary>
    public FullProgress? Full { get; init; }

    /// <summary>Whether a full was ever completed since <see cref="Fingerprint"/> changed: increments go on from there.</summary>
    public bool Complete { get; init; }

    /// <summary>
    /// Why another full must follow although one is complete or under way (truncated, error limit reached …); null: none needed. Answered when that full begins, so that
    /// what is noted while it reads (a truncation has taken rows that it has passed) asks for one more.
    /// </summary>
    public string? FullWanted { get; init; }

    /// <summary>Why increments are held until a full has been re-organised; stays until that full's mark. Null: they are not.</summary>
    public ReorganisationNeed? Reorganise { get; init; }

    /// <summary>What the source's key was like when it was last read; null: not noted yet.</summary>
    public string? KeyShape { get; init; }

    /// <summary>`capture remove` took the triggers away: a running hub leaves the source alone, a sync by hand installs them again and reads in full.</summary>
    public bool CaptureRemoved { get; init; }

    /// <summary>Whether rows can be read back by the keys that quarantine keeps (<see cref="SourcePlan.KeysAreNatural"/>); where not, only a full judges refused rows again.</summary>
    public bool KeysReadBack { get; init; } = true;

    /// <summary>Modes cursor and control.</summary>
    public TrackedPosition? Tracked { get; init; }

    /// <summary>Mode wal: everything before it is in this log. Never behind what the slot was confirmed up to. Null: there is no slot whose changes are wanted; the next full begins with one.</summary>
    public WalPoint? Wal { get; init; }

    /// <summary>The run that is open: a killed run goes on under its own number.</summary>
    public long OpenRun { get; init; }

    /// <summary>Whether the index of known values must be made anew: a full's mark deletes rows that no batch names.</summary>
    public bool KnownOutdated { get; init; }

    /// <summary>Rows that the last complete full read.</summary>
    public long? LastFullRows { get; init; }

    /// <summary>Digest of each code set when rows were last judged: another one has refused rows judged again.</summary>
    public IReadOnlyDictionary<string, string> CodeSets { get; init; } = new Dictionary<string, string>();
}

/// <summary>A full under way.</summary>
internal sealed record FullProgress
{
    /// <summary>The run that began it; all its batches carry this number.</summary>
    public required long Run { get; init; }

    /// <summary>Number of its first batch; 0: none appended yet.</summary>
    public long FirstBatch { get; init; }

    /// <summary>Where the next page begins; null: at the beginning.</summary>
    public string? Next { get; init; }

    /// <summary>Where the tracked column stood before the first page was read.</summary>
    public TrackPass? TrackedAtStart { get; init; }

    public long Rows { get; init; }

    /// <summary>Whether it is a re-organised one: subscribers change over to it at its mark, all at once.</summary>
    public bool Reorganised { get; init; }
}

/// <summary>What a pass over a tracked column saw before it read.</summary>
/// <param name="Greatest">The column's greatest value.</param>
/// <param name="At">The server's clock.</param>
/// <param name="OldestOpen">PostgreSQL: ids below have ended.</param>
/// <param name="NextOpen">PostgreSQL: ids from here on had not started.</param>
internal sealed record TrackPass(string? Greatest, DateTimeOffset At, long? OldestOpen, long? NextOpen)
{
    /// <summary>The greatest value as an instant where the column is a date or timestamp.</summary>
    public DateTimeOffset? GreatestAt { get; init; }
}

/// <summary>
/// The safe horizon of a tracked column: everything below <see cref="From"/> has been read and can't be joined by a late commit any more (by the declared lateness, and
/// on PostgreSQL by transaction snapshots besides).
/// </summary>
internal sealed record TrackedPosition
{
    /// <summary>Rows at or above are read again by the next pass; null: all.</summary>
    public string? From { get; init; }

    /// <summary>Passes whose greatest value is not settled yet, oldest first.</summary>
    public IReadOnlyList<TrackPass> Unsettled { get; init; } = [];

    /// <summary>PostgreSQL: rows written by this transaction or later ones are read as well, because transactions were open when the full began.</summary>
    public long? WrittenSince { get; init; }

    /// <summary>Ends <see cref="WrittenSince"/>: once all ids below have ended.</summary>
    public long? WrittenUntil { get; init; }

    /// <summary>Integers, until time has settled a first pass: how many numbers below <see cref="From"/> are read again.</summary>
    public long Lower { get; init; }
}
