using Exchange.Bus.Intake;

namespace Exchange.UnitTests.Intake;

[TestClass]
public sealed class SafeHorizonTests
{
    static readonly DateTimeOffset Start = new(2026, 7, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly TimeSpan Lateness = TimeSpan.FromMinutes(10);

    [TestMethod]
    public void A_number_waits_for_the_declared_lateness_although_every_transaction_has_ended()
    {
        var horizon = SafeHorizon.AfterFull(Pass("100", minute: 0, oldest: 7, next: 7));
        horizon = SafeHorizon.After(horizon, Pass("200", minute: 1, oldest: 9, next: 9), Lateness, temporal: false);
        Assert.AreEqual("100", horizon.From);
        Assert.AreEqual(SafeHorizon.FirstIntegerOverlap, horizon.Lower, "numbers taken before the full and written since");

        horizon = SafeHorizon.After(horizon, Pass("300", minute: 10, oldest: 12, next: 12), Lateness, temporal: false);
        Assert.AreEqual(("100", 0L), (horizon.From, horizon.Lower));
        horizon = SafeHorizon.After(horizon, Pass("400", minute: 11, oldest: 15, next: 15), Lateness, temporal: false);
        Assert.AreEqual("200", horizon.From);
    }

    [TestMethod]
    public void An_instant_waits_only_for_transactions_that_were_open()
    {
        var horizon = SafeHorizon.AfterFull(Pass("2026-07-01", minute: 0, oldest: 5, next: 7));
        Assert.AreEqual((5L, 7L), (horizon.WrittenSince, horizon.WrittenUntil));

        horizon = SafeHorizon.After(horizon, Pass("2026-07-02", minute: 1, oldest: 6, next: 9), Lateness, temporal: true);
        Assert.AreEqual("2026-07-01", horizon.From, "a transaction that was open at the start still is");

        horizon = SafeHorizon.After(horizon, Pass("2026-07-03", minute: 2, oldest: 9, next: 11), Lateness, temporal: true);
        Assert.AreEqual("2026-07-02", horizon.From);
        Assert.IsNull(horizon.WrittenSince);
    }

    [TestMethod]
    public void Without_transaction_ids_an_instant_is_settled_at_once_and_a_number_by_time()
    {
        var horizon = SafeHorizon.AfterFull(Pass("1", minute: 0));
        Assert.AreEqual("2", SafeHorizon.After(horizon, Pass("2", minute: 1), Lateness, temporal: true).From);
        Assert.AreEqual("1", SafeHorizon.After(horizon, Pass("2", minute: 1), Lateness, temporal: false).From);
    }

    static TrackPass Pass(string greatest, int minute, long? oldest = null, long? next = null) => new(greatest, Start.AddMinutes(minute), oldest, next);
}
