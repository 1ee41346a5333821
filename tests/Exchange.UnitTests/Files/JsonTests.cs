using Exchange.Contracts.Files;

namespace Exchange.UnitTests.Files;

[TestClass]
public sealed class JsonTests
{
    [TestMethod]
    [DataRow("{\"id\":1}\n{\"id\":2\n{\"id\":3}\n", "in line 3, after 1 whole object: '{' is invalid after a value. Expected either ',', '}', or ']'. Correct")]
    [DataRow("[{\"id\":1},\n{\"id\":2}", "in line 2, after 2 whole objects: ")]
    [DataRow("x", "is no proper JSON in line 1: 'x' is an invalid start of a value. Correct")]
    [DataRow("[{\"id\":1}]\n{}", "is no proper JSON in line 2: '{' is invalid after a single JSON value. Expected end of data. Correct")]
    [DataRow("{\"id\":1}\n{\"id\":2,\"id\":3}\n", "in line 2, after 1 whole object: Duplicate property 'id' encountered during deserialization. Correct")]
    public async Task Broken_json_is_told_with_its_place_as_a_person_counts(string content, string expected) => StringAssert.Contains(await RefusedAsync(content), expected);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task The_place_is_right_behind_the_first_buffer_too(bool array)
    {
        var (begin, end) = array ? ("[", ",") : ("", "");
        var good = string.Concat(Enumerable.Range(1, 20_000).Select(id => $"{{\"id\":{id},\"name\":\"aaaaaaaa\"}}{end}\n"));

        StringAssert.Contains(await RefusedAsync($"{begin}{good}{{\"id\":0\n{{"), "in line 20002, after 20000 whole objects: ");
    }

    static async Task<string> RefusedAsync(string content)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllTextAsync(path, content);
            return await FileReading.RefusedAsync(new FileRequest { Path = path });
        }
        finally
        {
            File.Delete(path);
        }
    }
}
