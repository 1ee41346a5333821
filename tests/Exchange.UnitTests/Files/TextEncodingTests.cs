using System.Text;
using Exchange.Adapters.Files;
using Exchange.Contracts.Files;

namespace Exchange.UnitTests.Files;

[TestClass]
public sealed class TextEncodingTests
{
    const string Long = "编号,名称,检查情况\r\n一,第一人民医院,经现场检查发现该单位一楼最东侧疏散通道被杂物占用开关失灵当场责令改正并下达整改通知书上报本级\r\n";

    static readonly Encoding Gb18030 = CodePagesEncodingProvider.Instance.GetEncoding("gb18030")!;

    [TestMethod]
    [DataRow("编号,名称,金额,日期\r\n1,甲乙丙,2.50,2026-07-01\r\n")]
    [DataRow("编号;名称\n一;第一人民医院\n二;最后一家\n")]
    [DataRow("编号\t名称\r\n007\t开一公司\r\n")]
    [DataRow(Long)]
    [DataRow("编号,备注\n1,全　角\n")]
    [DataRow("id,name\n1,a\n")]
    [DataRow("编号,名称\n1,㈱東芝\n2,가나다라마바사아자차\n")]
    [DataRow("आईडी\tनाम\n1\tहिन्दी वर्ष\n2\tसरकार\n")]
    public async Task Utf_16_without_a_mark_is_known_in_both_byte_orders(string content)
    {
        Assert.AreEqual("utf-16", await FoundAsync(new UnicodeEncoding(bigEndian: false, byteOrderMark: false).GetBytes(content)));
        Assert.AreEqual("utf-16BE", await FoundAsync(new UnicodeEncoding(bigEndian: true, byteOrderMark: false).GetBytes(content)));
    }

    [TestMethod]
    public async Task Utf_8_and_gb18030_are_never_taken_for_it()
    {
        // Zero bytes at every place that a text may have them: beside delimiters and line ends, in one row or in all, so that they fall on either side.
        string[] contents = ["id,name\nab,x\0\n", "1,\0\n2,\0\n3,\0\n", "id;a\0\r\n1;b\0\r\n", "编号,名称\n1,甲\0\n2,乙\0\n", "编号,名称\0\r\n一,甲\0\r\n", "编号\t名称\r\n甲\t\0\r\n乙\t\0\0\r\n", "名称\0\n名称\0\n名称\0\n", Long, Long + "\0\n"];
        foreach (var content in contents)
        {
            for (var shift = 0; shift < 2; shift++)
            {
                var text = new string('x', shift) + content;
                Assert.AreEqual("utf-8", await FoundAsync(Encoding.UTF8.GetBytes(text)), text);
                if (text.Any(letter => letter > 0x7F)) Assert.AreEqual("gb18030", await FoundAsync(Gb18030.GetBytes(text)), ignoreCase: true, text);
            }
        }
    }

    [TestMethod]
    public async Task What_is_none_of_them_is_refused()
    {
        byte[] bytes = [.. "id,name\n1,"u8, 0xFF, 0xFF, .. "\n2,a\n"u8];

        var refused = await Assert.ThrowsExactlyAsync<FileFormException>(() => FoundAsync(bytes));

        StringAssert.Contains(refused.Message, "offset 10 are no utf-8, and the file is no gb18030 either");
    }

    static async Task<string> FoundAsync(byte[] content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");
        try
        {
            await File.WriteAllBytesAsync(path, content);
            return (await TextEncodings.FindAsync(path, null, CancellationToken.None)).WebName;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
