using System.Text.Json;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Rows;

[TestClass]
public sealed class AttachmentReferenceTests
{
    const string Digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [TestMethod]
    [DataRow(0L)]
    [DataRow(1L)]
    [DataRow(long.MaxValue)]
    public void What_is_written_is_read_back(long size)
    {
        var text = new AttachmentReference(Digest, size).ToString();
        Assert.IsTrue(AttachmentReference.TryParse(text, out var read));
        Assert.AreEqual(new AttachmentReference(Digest, size), read);
        Assert.IsLessThanOrEqualTo(AttachmentReference.LongestText, text.Length);
    }

    [TestMethod]
    public void The_longest_reference_fills_its_column() => Assert.HasCount(AttachmentReference.LongestText, new AttachmentReference(Digest, long.MaxValue).ToString());

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("sha256:")]
    [DataRow("sha256:" + Digest)]
    [DataRow("sha256:" + Digest + "/")]
    [DataRow("sha256:" + Digest + "/-1")]
    [DataRow("sha256:" + Digest + "/+1")]
    [DataRow("sha256:" + Digest + "/01")]
    [DataRow("sha256:" + Digest + "/1 ")]
    [DataRow("sha256:" + Digest + "/٣")]
    [DataRow("sha256:" + Digest + "/9223372036854775808")]
    [DataRow("sha256:" + Digest + "0/1")]
    [DataRow("SHA256:" + Digest + "/1")]
    [DataRow("sha512:" + Digest + "/1")]
    [DataRow("sha256:E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/1")]
    [DataRow("sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/1")]
    public void Anything_else_is_none(string? text)
    {
        Assert.IsFalse(AttachmentReference.TryParse(text, out _));
        if (text is not null) Assert.ThrowsExactly<FormatException>(() => AttachmentReference.Parse(text));
    }

    [TestMethod]
    [DataRow("sha256:" + Digest + "/0", "0")]
    [DataRow("see [sha256:" + Digest + "/12], sha256:" + Digest + "/7", "1 12 7")]
    [DataRow("sha256:sha256:" + Digest + "/1x", "1")]
    [DataRow("sha256:" + Digest + "/", "")]
    [DataRow("sha256:" + Digest, "")]
    [DataRow("sha256:", "")]
    [DataRow("", "")]
    public void References_are_found_within_a_text_rather_one_too_many(string text, string sizes) =>
        Assert.AreEqual(sizes, string.Join(' ', AttachmentReference.FindIn(text).Select(found => AttachmentReference.Parse(found).Size)));

    [TestMethod]
    public void The_type_is_a_text_of_its_own_that_manifests_spell_attachment()
    {
        Assert.IsNull(ItemType.Parse("attachment", out var type));
        Assert.AreEqual(ItemType.Attachment, type);
        Assert.AreNotEqual(ItemType.String(AttachmentReference.LongestText), type);
        Assert.AreEqual("attachment", type.ToString());
        Assert.IsTrue(type.IsText);
        Assert.IsNotNull(ItemType.Parse("attachment(3)", out _));
    }

    [TestMethod]
    public void Definitions_without_attachments_have_the_digest_that_they_had() => Assert.IsFalse(JsonSerializer.Serialize(ItemType.String(5)).Contains("Attachment", StringComparison.Ordinal));
}
