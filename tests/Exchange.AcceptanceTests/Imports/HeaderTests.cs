using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using MiniExcelLibs;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>The row that names the columns, found or given, and options that a form does not have, by the real command line.</summary>
[TestClass]
public sealed class HeaderTests
{
    const string Titled = "企业名单,,,\n\n编号,名称,金额,日期\n1,a,-1,\n2,b,2,2026/07/01\n";

    static string Workbook(ImportScene scene, string name, params object?[][] rows)
    {
        var path = Path.Combine(scene.Hub.Process.Folder, name);
        MiniExcel.SaveAs(path, rows.Select(row => Enumerable.Range(0, 4).ToDictionary(at => $"c{at}", at => at < row.Length ? row[at] : null)), printHeader: false, overwriteFile: true);
        return path;
    }

    [TestMethod]
    public async Task A_title_above_the_header_is_passed_over_and_told_and_rows_keep_their_lines()
    {
        await using var scene = await ImportScene.CreateAsync();

        var result = await scene.ImportAsync(3, scene.File("a.csv", Titled));
        Assert.AreEqual("""{"unit":"line","number":3}""", JsonSerializer.Serialize(result.GetProperty("header")));
        Assert.AreEqual(2, result.GetProperty("read").GetInt32());
        var shown = await scene.Hub.RunAsync(3, "import", "r", scene.File("b.csv", Titled));
        StringAssert.Contains(shown.Error, "the header was found in line 3; 2 lines above it were passed over");
        var book = Workbook(scene, "c.xlsx", ["企业名单"], ["编号", "名称", "金额", "日期"], ["1", "a", -1], ["3", "c", 3]);
        StringAssert.Contains((await scene.Hub.RunAsync(3, "import", "r", book)).Error, "the header was found in row 2; 1 row above it was passed over");

        await scene.HoldsAsync("2|b|2|2026-07-01", "3|c|3|∅");
        CollectionAssert.AreEqual(new[] { "c.xlsx, row 3: min" }, await scene.OpenAsync());
    }

    [TestMethod]
    public async Task Without_a_title_nothing_is_told_and_the_delimiter_is_that_of_the_header()
    {
        await using var scene = await ImportScene.CreateAsync();

        Assert.DoesNotContain("header was found", (await scene.Hub.RunAsync(0, "import", "r", scene.File("a.csv", "id,name\n1,a\n"))).Error);
        await scene.ImportAsync(0, scene.File("b.csv", "List, July, second\nid;name;amount\n2;b,c;2\n"));

        await scene.HoldsAsync("1|a|∅|∅", "2|b,c|2|∅");
    }

    [TestMethod]
    public async Task A_file_without_a_header_is_refused_with_both_ways_out_and_taken_when_told()
    {
        await using var scene = await ImportScene.CreateAsync();
        var file = scene.File("a.csv", "1,a,1,2026-07-01\n2,b,2,2026-07-02\n");
        var book = Workbook(scene, "a.xlsx", ["3", "c", 3, "2026-07-03"]);

        foreach (var (refused, place) in new[] { (file, "a.csv, line 1,"), (book, "a.xlsx, row 1,") })
        {
            var error = await scene.RefusedAsync(refused);
            StringAssert.Contains(error, $"{place} does not fit the resource r");
            StringAssert.Contains(error, "--no-header");
            StringAssert.Contains(error, "name its columns");
            await scene.ImportAsync(0, refused, "--no-header");
        }

        // Here --no-header would take the header for a row.
        Assert.DoesNotContain("--no-header", await scene.RefusedAsync(scene.File("b.csv", "id,nmae,amount,day\n1,a,1,\n")));
        await scene.HoldsAsync("1|a|1|2026-07-01", "2|b|2|2026-07-02", "3|c|3|2026-07-03");
    }

    [TestMethod]
    public async Task What_may_be_a_row_or_a_second_header_is_refused()
    {
        await using var scene = await ImportScene.CreateAsync();
        var twice = scene.File("b.csv", "id,name\n编号,名称\n1,a\n");

        StringAssert.Contains(await scene.RefusedAsync(scene.File("a.csv", "1,a,1,\nid,name,amount,day\n2,b,2,\n")), "line 1 may be a row");
        StringAssert.Contains(await scene.RefusedAsync(twice), "line 1 and line 2");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("c.csv", string.Concat(Enumerable.Repeat("x,,\n", 10)) + "id,name,day\n1,a,\n")), "line 1, does not fit");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("d.csv", Titled), "--header"), "line 1, does not fit");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("d.csv", Titled), "--header", "--no-header"), "--no-header");

        await scene.ImportAsync(0, twice, "--header");
        await scene.HoldsAsync("1|a|∅|∅", "编号|名称|∅|∅");
    }

    [TestMethod]
    [DataRow("Append:2")]
    [DataRow("DeliverAfterCommit")]
    public async Task Killed_and_imported_again_a_file_with_a_title_is_whole(string step)
    {
        await using var scene = await ImportScene.CreateAsync();
        var file = scene.File("a.csv", "List,\n\nid,name\n" + string.Concat(Enumerable.Range(10, 12).Select(id => $"{id},{(id == 15 ? "" : "new")}\n")));
        scene.Hub.Process.Environment["EXCHANGE_KILL_AT"] = step;

        Assert.AreEqual(128 + 9, (await scene.Hub.RunProcessAsync("import", "r", file, "--full")).Status);
        await scene.ImportAsync(3, file, "--full");

        await scene.HoldsAsync([.. Enumerable.Range(10, 12).Where(id => id != 15).Select(id => $"{id}|new|∅|∅")]);
        CollectionAssert.AreEqual(new[] { "a.csv, line 9: required" }, await scene.OpenAsync());
    }

    [TestMethod]
    public async Task An_option_that_the_form_does_not_have_is_refused()
    {
        await using var scene = await ImportScene.CreateAsync();
        string[] files = [scene.File("a.csv", "id,name\n1,a\n"), scene.File("a.json", "[]"), scene.File("a.xml", "<a/>"), Workbook(scene, "a.xlsx", ["id", "name"], ["1", "a"]), scene.File("a.parquet", "PAR1 PAR1")];
        foreach (var (option, forms) in new[] { ("--delimiter=,", "a.csv"), ("--encoding=utf-8", "a.csv"), ("--header", "a.csv a.xlsx"), ("--no-header", "a.csv a.xlsx"), ("--sheet=x", "a.xlsx"), ("--memory=1GiB", "a.parquet") })
        foreach (var file in files.Where(file => !forms.Split(' ').Contains(Path.GetFileName(file))))
            StringAssert.Contains(await scene.RefusedAsync(file, option), $"{Path.GetFileName(file)} is {Path.GetExtension(file)[1..] switch { "parquet" => "Parquet", var form => form.ToUpperInvariant() }}, which has no {option.Split('=')[0]}.");
    }
}
