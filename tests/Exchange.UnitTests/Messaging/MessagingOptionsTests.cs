using Exchange.Bus.Messaging;

namespace Exchange.UnitTests.Messaging;

[TestClass]
public sealed class MessagingOptionsTests
{
    /// <summary>At worst a node dies just after it renewed, and the others look just before its lease ends.</summary>
    [TestMethod]
    public void What_a_dead_node_held_is_found_within_fifteen_seconds()
    {
        var options = new MessagingOptions();
        Assert.IsLessThanOrEqualTo(TimeSpan.FromSeconds(15), options.Lease + options.LookInterval);
    }
}
