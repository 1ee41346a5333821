using System.Text;
using MiniExcelLibs;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>A file of refused rows that nobody has corrected brings nothing: what was wrong with a row is wrong with it there too.</summary>
[TestClass]
public sealed class RefusedFormTests
{
    [TestMethod]
    [DataRow(',', "utf-8")]
    [DataRow(';', "gb18030")]
    [DataRow('\t', "utf-16")]
    [DataRow('#', "utf-8")]
    public async Task Rows_of_csv_are_refused_again_for_the_same_reason(char delimiter, string encoding)
    {
        await using var scene = await ImportScene.CreateAsync();
        string[] rows = ["1,\"a\"b,1,2024-01-01", "2,fo\"ur,2,", "3,丙", "4,d,4,,\"further; one\",", "5,fi\0ve,5,", $"6,{new string('长', 400_000)},6,", "7,\"two\nlines\",-7,"];
        var content = $"id,name,amount,day\n\n{string.Join('\n', rows)}\n8,good,8,\n".Replace(',', delimiter);
        var file = scene.File("f.csv", (CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding)).GetBytes(content));
        string[] told = [.. delimiter == '#' ? ["--delimiter", "#"] : Array.Empty<string>()];
        string[] rules = ["quotes", "quotes", "fields", "fields", "nul", "size", "min"];

        var (first, second) = (Path.Combine(scene.Hub.Process.Folder, "first.csv"), Path.Combine(scene.Hub.Process.Folder, "second.csv"));
        Assert.AreEqual(7, (await scene.ImportAsync(3, file, [.. told, "--errors", first])).GetProperty("rejected").GetInt32());
        var written = await File.ReadAllTextAsync(first);
        foreach (var row in rows) StringAssert.Contains(written, $"{delimiter}{row.Replace(',', delimiter)}\r\n");
        var again = await scene.ImportAsync(3, first, [.. told, "--errors", second]);

        Assert.AreEqual((7, 0), (again.GetProperty("rejected").GetInt32(), again.GetProperty("accepted").GetInt32()));
        CollectionAssert.AreEqual(rules, Rules(await File.ReadAllTextAsync(second), "first.csv", delimiter));
        await scene.HoldsAsync("8|good|8|∅");

        await File.WriteAllTextAsync(first, written.Replace("\"a\"b", "\"a\"\"b\"", StringComparison.Ordinal));
        Assert.AreEqual(1, (await scene.ImportAsync(3, first, told)).GetProperty("accepted").GetInt32(), "corrected, it is good");
        await scene.HoldsAsync("1|a\"b|1|2024-01-01", "8|good|8|∅");
    }

    [TestMethod]
    [DataRow("a.jsonl", "{\"id\":\"1\",\"name\":{\"a\":1}}\n{\"id\":\"2\",\"name\":\"\\ud800\"}\n{\"id\":\"3\",\"name\":\"c\",\"amount\":-3}\n{\"id\":\"4\",\"name\":\"d\",\"amount\":\"\"}\n", "fields", "fields", "min", "fields")]
    [DataRow("a.xml", "<r><row id='1'><name>a</name><name>b</name></row><row id='2'><name>b</name><amount><x/></amount></row><row id='3'><name>c</name><amount>-3</amount></row></r>", "fields", "fields", "min")]
    public async Task Rows_of_other_forms_have_a_further_field(string name, string content, params string[] rules)
    {
        await using var scene = await ImportScene.CreateAsync();

        await RefusedAgainAsync(scene, scene.File(name, content), rules);
    }

    [TestMethod]
    public async Task Values_right_of_the_columns_of_a_workbook_stand_there_too()
    {
        await using var scene = await ImportScene.CreateAsync();
        var file = Path.Combine(scene.Hub.Process.Folder, "a.xlsx");
        static Dictionary<string, object?> Row(params string?[] cells) => Enumerable.Range(0, 4).ToDictionary(at => $"{(char)('A' + at)}", at => (object?)cells.ElementAtOrDefault(at));
        MiniExcel.SaveAs(file, new[] { Row("id", "name"), Row("1", "a", "x", "y"), Row("2") }, printHeader: false);

        var written = await RefusedAgainAsync(scene, file, "fields", "required");

        StringAssert.Contains(written, ",1,a,x,y\r\n");
    }

    static async Task<string> RefusedAgainAsync(ImportScene scene, string file, params string[] rules)
    {
        var (first, second) = (Path.Combine(scene.Hub.Process.Folder, "first.csv"), Path.Combine(scene.Hub.Process.Folder, "second.csv"));
        Assert.AreEqual(rules.Length, (await scene.ImportAsync(3, file, "--errors", first)).GetProperty("rejected").GetInt32());
        Assert.AreEqual(0, (await scene.ImportAsync(3, first, "--errors", second)).GetProperty("accepted").GetInt32());
        CollectionAssert.AreEqual(rules, Rules(await File.ReadAllTextAsync(second), "first.csv", ','));
        return await File.ReadAllTextAsync(first);
    }

    /// <summary>The rules of each row, in order: they stand behind its place.</summary>
    static string[] Rules(string written, string file, char delimiter) =>
        [.. written.Split($"\"{file}, line ")[1..].Concat(delimiter == ',' ? [] : written.Split($"\n{file}, line ")[1..]).Select(row => row.Split(delimiter)[1])];
}
