using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Reorganisation;

/// <summary>Why increments of a source are held until its full is re-organised. Part of the source's position.</summary>
/// <param name="Reason">One of a to e.</param>
/// <param name="Detail">What was seen, or what the notice says.</param>
/// <param name="Begins">Whether the full may begin: somebody gave notice, or the manifest lets the hub do it by itself.</param>
internal sealed record ReorganisationNeed(ReorganisationReason Reason, string Detail, bool Begins)
{
    /// <summary>Whether changes may have been passed over, so that only a full brings the log up to the source, whoever takes the hold back.</summary>
    public bool ChangesPassed { get; init; }

    /// <summary>Whether somebody who asks for the exchange by hand thereby asks for this: what broke an error limit is tried again in full, but a changed key is no slip of the pen.</summary>
    public bool BeginsByHand => Begins || Reason is ReorganisationReason.ContentOffStandard or ReorganisationReason.CodesOffStandard;
}

/// <summary>Increments of the resource are held; a person of the department must give notice.</summary>
internal sealed class ReorganisationException(string resource, ReorganisationNeed need) : FrontEndException(FrontEndFault.Standing, ErrorCodes.SourceHeld, Party.Provider,
    $"Resource {resource}: increments are held for reason {Reasons.Letter(need.Reason)} ({Reasons.Words(need.Reason)}): {need.Detail}.",
    $"Subscribers keep what they have. `exchange notice {resource} --reason {Reasons.Letter(need.Reason)}`, or a sync with --full, has it read in full and its subscribers change over at once; `exchange notice {resource} --withdraw` lets increments go on.");
