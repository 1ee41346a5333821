using System.Text;
using Exchange.Bus.Messaging;
using Exchange.Contracts.Messages;

namespace Exchange.UnitTests.Messaging;

[TestClass]
public sealed class MessageTypesTests
{
    readonly MessageTypes _types = new([new MessageType("resource-grown", typeof(ResourceGrown))]);

    [TestMethod]
    public void A_message_travels_under_its_name_and_comes_back()
    {
        var body = _types.Write(new ResourceGrown("检查"));
        Assert.AreEqual(new ResourceGrown("检查"), _types.Read("resource-grown", body));
        Assert.AreEqual("resource-grown", _types.NameOf(typeof(ResourceGrown)));
    }

    [TestMethod]
    [DataRow("System.IO.FileInfo, System.Runtime", "\"/etc/passwd\"")]
    [DataRow("Exchange.Contracts.Messages.ResourceGrown, Exchange.Contracts", "{}")]
    [DataRow("resource-grown", "{")]
    [DataRow("resource-grown", "null")]
    [DataRow("", "{}")]
    [DataRow(null, "{}")]
    public void What_is_not_on_the_list_or_does_not_fit_is_poison(string? name, string body) =>
        Assert.ThrowsExactly<PoisonMessageException>(() => _types.Read(name, Encoding.UTF8.GetBytes(body)));

    [TestMethod]
    public void A_type_in_the_body_is_not_followed()
    {
        var read = _types.Read("resource-grown", """{"$type":"System.IO.FileInfo, System.Runtime","resource":"r"}"""u8);
        Assert.AreEqual(new ResourceGrown("r"), read);
    }

    [TestMethod]
    public void A_type_that_was_not_registered_can_not_be_sent() => Assert.ThrowsExactly<InvalidOperationException>(() => _types.Write("text"));
}
