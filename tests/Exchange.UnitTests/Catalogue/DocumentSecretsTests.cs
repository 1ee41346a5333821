using System.Text.Json;
using Exchange.Bus.Catalogue.Registry;

namespace Exchange.UnitTests.Catalogue;

/// <summary>What is kept beside a manifest's text comes back as it was, whichever program wrote it.</summary>
[TestClass]
public sealed class DocumentSecretsTests
{
    [TestMethod]
    public void Secrets_come_back_as_they_were()
    {
        var secrets = new DocumentSecrets(
            new(StringComparer.Ordinal) { ["PASSWORD"] = "p\"\\\n密码", ["password"] = "" },
            new(StringComparer.Ordinal) { ["connectionString"] = "Host=h;Password='a b'" });
        var read = DocumentSecrets.FromJson(secrets.ToJson());
        CollectionAssert.AreEqual(secrets.Variables.ToList(), read.Variables.ToList());
        CollectionAssert.AreEqual(secrets.Literals.ToList(), read.Literals.ToList());
        Assert.AreEqual(secrets.ToJson(), read.ToJson());
    }

    [TestMethod]
    public void What_is_no_secrets_is_refused() => Assert.Throws<JsonException>(() => DocumentSecrets.FromJson("{"));

    [TestMethod]
    public void No_secrets_are_none() => Assert.IsTrue(DocumentSecrets.FromJson(DocumentSecrets.None.ToJson()).IsEmpty);
}
