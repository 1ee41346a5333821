using Exchange.Bus.Quality.Rules;
using FsCheck;
using FsCheck.Fluent;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class CheckDigitProperties
{
    const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    static readonly DateOnly Today = new(2026, 7, 1);

    static Gen<string> Letters(string alphabet, int count) => Gen.Elements(alphabet.ToCharArray()).ListOf(count).Select(letters => string.Concat(letters));

    /// <summary>Completes 17 characters with the one that the check accepts: exactly one of all must be.</summary>
    static string Complete(string body, string alphabet, Func<string, string?> check) => alphabet.Select(last => body + last).Single(code => check(code) is null);

    static readonly Gen<string> Codes =
        from head in Letters(Alphabet, 2)
        from division in Letters("0123456789", 6)
        from body in Letters(Alphabet, 9)
        select Complete(head + division + body, Alphabet, UnifiedSocialCreditCode.Check);

    static readonly Gen<string> Ids =
        from division in Letters("0123456789", 6)
        from day in Gen.Choose(0, 40_000)
        from sequence in Letters("0123456789", 3)
        select Complete($"{division}{new DateOnly(1900, 1, 1).AddDays(day):yyyyMMdd}{sequence}", "0123456789X", CheckId);

    static string? CheckId(string id) => CitizenId.Check(System.Text.Encoding.UTF8.GetBytes(id), Today);

    [TestMethod]
    public void Every_single_wrong_character_of_a_credit_code_is_found() =>
        Prop.ForAll(Codes.ToArbitrary(), code => Corruptions(code, Alphabet).All(wrong => UnifiedSocialCreditCode.Check(wrong) is not null)).QuickCheckThrowOnFailure();

    [TestMethod]
    public void Every_single_wrong_character_of_a_citizen_id_is_found() =>
        Prop.ForAll(Ids.ToArbitrary(), id => Corruptions(id, "0123456789X").All(wrong => CheckId(wrong) is not null)).QuickCheckThrowOnFailure();

    [TestMethod]
    public void Neighbours_of_a_citizen_id_that_change_places_are_found() =>
        Prop.ForAll(Ids.ToArbitrary(), id => Enumerable.Range(0, 16).Where(at => id[at] != id[at + 1])
            .All(at => CheckId($"{id[..at]}{id[at + 1]}{id[at]}{id[(at + 2)..]}") is not null)).QuickCheckThrowOnFailure();

    [TestMethod]
    public void Any_bytes_are_answered_without_a_fault() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => UnifiedSocialCreditCode.Check(bytes) is not null && CitizenId.Check(bytes, Today) is not null).QuickCheckThrowOnFailure();

    static IEnumerable<string> Corruptions(string code, string alphabet) =>
        from at in Enumerable.Range(0, code.Length)
        from letter in alphabet
        where letter != code[at]
        select $"{code[..at]}{letter}{code[(at + 1)..]}";
}
