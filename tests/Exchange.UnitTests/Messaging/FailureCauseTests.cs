using System.Reflection;
using Exchange.Bus.Messaging;

namespace Exchange.UnitTests.Messaging;

[TestClass]
public sealed class FailureCauseTests
{
    [TestMethod]
    public async Task The_same_exception_from_the_same_method_is_one_cause_whatever_it_says()
    {
        var (one, other) = (await CatchAsync(() => FailAsync("row 1")), await CatchAsync(() => FailAsync("row 2")));
        Assert.AreEqual(one.Key, other.Key);
        Assert.AreNotEqual(one.Message, other.Message);
        Assert.AreEqual("Exchange.UnitTests.Messaging.FailureCauseTests.FailAsync", one.Place);
    }

    [TestMethod]
    public async Task Another_place_or_another_type_is_another_cause()
    {
        var one = await CatchAsync(() => FailAsync("x"));
        Assert.AreNotEqual(one.Key, (await CatchAsync(FailElsewhereAsync)).Key);
        Assert.AreNotEqual(one.Key, (one with { ExceptionType = "Other" }).Key);
    }

    [TestMethod]
    public void A_wrapper_is_looked_through()
    {
        var cause = FailureCause.Of(new AggregateException(new TargetInvocationException(new InvalidDataException("inside"))));
        Assert.AreEqual(("System.IO.InvalidDataException", "inside", ""), (cause.ExceptionType, cause.Message, cause.Place));
    }

    [TestMethod]
    public async Task Our_own_code_is_the_place_when_a_library_throws()
    {
        var cause = await CatchAsync(() => Task.FromResult(int.Parse("x", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.StartsWith("Exchange.UnitTests.", cause.Place);
    }

    static async Task<FailureCause> CatchAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception failed)
        {
            return FailureCause.Of(failed);
        }

        throw new AssertFailedException("Nothing was thrown.");
    }

    static async Task FailAsync(string message)
    {
        await Task.Yield();
        throw new InvalidDataException(message);
    }

    static async Task FailElsewhereAsync()
    {
        await Task.Yield();
        throw new InvalidDataException("x");
    }
}
