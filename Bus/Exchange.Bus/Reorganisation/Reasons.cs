using Exchange.Contracts.Operations;

namespace Exchange.Bus.Reorganisation;

/// <summary>Letters and words of the reasons.</summary>
internal static class Reasons
{
    public static string Letter(ReorganisationReason reason) => reason switch
    {
        ReorganisationReason.KeyChanged => "a",
        ReorganisationReason.ContentOffStandard => "b",
        ReorganisationReason.CodesOffStandard => "c",
        ReorganisationReason.IncrementBroken => "d",
        _ => "e",
    };

    public static ReorganisationReason Of(string letter) => letter switch
    {
        "a" => ReorganisationReason.KeyChanged,
        "b" => ReorganisationReason.ContentOffStandard,
        "c" => ReorganisationReason.CodesOffStandard,
        "d" => ReorganisationReason.IncrementBroken,
        _ => ReorganisationReason.Other,
    };

    /// <summary>In a few words, for messages.</summary>
    public static string Words(ReorganisationReason reason) => reason switch
    {
        ReorganisationReason.KeyChanged => "the key was changed",
        ReorganisationReason.ContentOffStandard => "content off standard",
        ReorganisationReason.CodesOffStandard => "codes off standard",
        ReorganisationReason.IncrementBroken => "increments cannot be recognised",
        _ => "other",
    };
}
