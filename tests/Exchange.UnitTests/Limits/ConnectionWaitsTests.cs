using Exchange.Bus.Exchanges;
using Exchange.Bus.Limits;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Limits;

/// <summary>An outage is told twice, at a level that is shown, however many attempts it takes and whoever makes them.</summary>
[TestClass]
public sealed class ConnectionWaitsTests
{
    const string Work = "subscription s";

    readonly FakeTimeProvider _time = new();
    readonly List<string> _said = [];
    readonly ConnectionWaits _waits;
    readonly WorkBoard _board;

    public TestContext TestContext { get; set; } = null!;

    public ConnectionWaitsTests()
    {
        _waits = new ConnectionWaits(_time, new Recorder<ConnectionWaits>(_said));
        _board = new WorkBoard(_waits, _time, new Recorder<WorkBoard>(_said));
    }

    [TestMethod]
    public void What_is_waited_for_is_said_once_and_that_it_answers_once_with_how_long_it_was_away()
    {
        _waits.End(Work);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            _waits.Begin(Work, "target", "It refused the connection.");
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        _waits.End(Work);
        _waits.End(Work);
        CollectionAssert.AreEqual(new[]
        {
            "Warning: Waiting for connection target: It refused the connection. It is tried again for subscription s, every 00:00:30 at the latest.",
            "Warning: Connection target answers again after 00:00:10; subscription s goes on",
        }, _said);
    }

    [TestMethod]
    public async Task Work_that_fails_for_a_database_that_is_waited_for_is_not_told_a_second_time()
    {
        _waits.Begin(Work, "target", "It refused the connection.");
        await WorkAsync(Fault(FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable));
        await WorkAsync(Fault(FrontEndFault.Transient, ErrorCodes.FrontEndFailed));
        _waits.End(Work);
        await WorkAsync(null);
        Assert.HasCount(2, _said);
    }

    [TestMethod]
    public async Task What_else_holds_it_up_meanwhile_is_told()
    {
        _waits.Begin(Work, "target", "It refused the connection.");
        await WorkAsync(Fault(FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable));
        await WorkAsync(new ExchangeException(ErrorCodes.LogFull, Party.Hub, "The log is full.", "Make room."));
        await WorkAsync(Fault(FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable));
        _waits.End(Work);
        await WorkAsync(Fault(FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing));
        await WorkAsync(Fault(FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing));
        await WorkAsync(null);
        string[] told = ["Waiting for connection target: ", "subscription s waits: The log is full.", "Connection target answers again after ", "subscription s waits: It does not work.", "subscription s goes on after "];
        Assert.HasCount(told.Length, _said);
        foreach (var (said, begins) in _said.Zip(told)) StringAssert.StartsWith(said, "Warning: " + begins);
    }

    static FrontEndException Fault(FrontEndFault fault, string code) => new(fault, code, Party.Subscriber, "It does not work.", "Mend it.");

    async Task WorkAsync(ExchangeException? fault)
    {
        _time.Advance(TimeSpan.FromMinutes(1)); // past any pause
        _board.Start(Work, _ => Task.FromResult(fault), TestContext.CancellationToken);
        await _board.EndedAsync();
    }

    /// <summary>Keeps what an operator sees.</summary>
    sealed class Recorder<T>(List<string> said) : ILogger<T>
    {
        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (level >= LogLevel.Warning) said.Add($"{level}: {formatter(state, exception)}");
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    }
}
