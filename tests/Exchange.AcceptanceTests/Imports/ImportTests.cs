using System.Text;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>A department's file, as it is, taken in by the real command line and delivered to a database.</summary>
[TestClass]
public sealed class ImportTests
{
    static readonly FrontTable Copy = ImportScene.Copy;

    [TestMethod]
    [DataRow("utf-8", false)]
    [DataRow("utf-8", true)]
    [DataRow("utf-16", true)]
    [DataRow("utf-16", false)]
    [DataRow("utf-16BE", true)]
    [DataRow("gb18030", false)]
    public async Task Chinese_titles_as_header_and_every_encoding_are_found_out(string name, bool mark)
    {
        await using var scene = await ImportScene.CreateAsync();
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        var file = scene.File("企业.csv", [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes("编号;名称 ;ＡＭＯＵＮＴ;日期;备注\r\n007;\"甲;公司 \"\"乙\"\"\n二行\";1.50;2026/07/01;x\r\n\r\n8;丙𠀀;;;\r\n")]);

        var result = await scene.ImportAsync(0, file);

        Assert.AreEqual(2, result.GetProperty("accepted").GetInt32());
        Assert.AreEqual("备注", result.GetProperty("ignored")[0].GetString());
        await scene.HoldsAsync("007|甲;公司 \"乙\"\n二行|1.5|2026-07-01", "8|丙𠀀|∅|∅");
    }

    [TestMethod]
    public async Task Wrong_rows_are_told_with_their_line_and_a_corrected_one_closes_its_error()
    {
        await using var scene = await ImportScene.CreateAsync();
        var file = scene.File("f.csv", "id,name,amount,day\n1,one,1,\n2,two,-1,\n3,three\n4,fo\"ur,4,\n5,fi\0ve,5,\n6,six,six,\n7,a,7,\n8,eight,8,\n7,b,7,\n");

        var result = await scene.ImportAsync(3, file);

        Assert.AreEqual(9, result.GetProperty("read").GetInt32());
        Assert.AreEqual(7, result.GetProperty("rejected").GetInt32());
        await scene.HoldsAsync("1|one|1|∅", "8|eight|8|∅");
        CollectionAssert.AreEqual(new[] { "f.csv, line 10: duplicate-key", "f.csv, line 3: min", "f.csv, line 4: fields", "f.csv, line 5: quotes", "f.csv, line 6: nul", "f.csv, line 7: type", "f.csv, line 8: duplicate-key" }, await scene.OpenAsync());

        var corrected = await scene.ImportAsync(0, scene.File("g.csv", "id,name,amount,day\n2,two,2,\n3,three,3,\n4,four,4,\n5,five,5,\n6,six,6,\n7,b,7,\n"));

        Assert.AreEqual(7, corrected.GetProperty("closed").GetInt32());
        Assert.IsEmpty(await scene.OpenAsync());
        await scene.HoldsAsync("1|one|1|∅", "2|two|2|∅", "3|three|3|∅", "4|four|4|∅", "5|five|5|∅", "6|six|6|∅", "7|b|7|∅", "8|eight|8|∅");
    }

    [TestMethod]
    public async Task A_full_removes_what_the_file_does_not_have_and_keeps_what_it_has_wrongly()
    {
        await using var scene = await ImportScene.CreateAsync();
        await scene.ImportAsync(0, scene.File("a.csv", "id,name\n1,a\n2,b\n3,c\n4,d\n5,e\n"));
        var file = scene.File("b.csv", "id,name\n1,a\n2,\n5,E\n6,f\n");

        Assert.AreEqual("full", (await scene.ImportAsync(3, file, "--full")).GetProperty("kind").GetString());
        await scene.ImportAsync(3, file, "--full");

        await scene.HoldsAsync("1|a|∅|∅", "2|b|∅|∅", "5|E|∅|∅", "6|f|∅|∅");
        Assert.HasCount(1, await scene.OpenAsync());
    }

    [TestMethod]
    public async Task A_file_that_is_wrong_as_a_whole_changes_nothing()
    {
        await using var scene = await ImportScene.CreateAsync();
        await scene.ImportAsync(0, scene.File("a.csv", "id,name\n1,a\n"));

        StringAssert.Contains(await scene.RefusedAsync(scene.File("m.csv", "id,amount\n1,1\n")), "'name' (名称)");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("n.csv", "id,name,amuont\n1,a,1\n")), "did you mean 'amount'");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("t.csv", "id,name,名称\n1,a,b\n")), "has 2 columns");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("q.csv", "id,name\n1,\"a\n2,b\n3,c\n")), "line 2");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("u.csv", [.. "id,name\n1,"u8, 0xFF, 0xFF, 10])), "offset 10");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("u.csv", [.. "id,name\n1,"u8, 0xB0, 0xA1, 10]), "--encoding", "utf-8"), "offset 10");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("e.csv", "")), "is empty");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("h.csv", "id,name\n"), "--full"), "has no rows");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("x.doc", "")), ".doc");
        StringAssert.Contains(await scene.RefusedAsync(Path.Combine(scene.Hub.Process.Folder, "none.csv")), "none.csv");
        StringAssert.Contains(await scene.RefusedAsync(scene.Hub.Process.Folder), "is a folder");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("j.jsonl", "{\"id\":\"1\",\"name\":\"a\"}\n{\"id\":\"2\",\"id\":\"3\",\"name\":\"a\"}\n")), "Duplicate property 'id'");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("b.json", "[{\"id\":\"1\",\"name\":\"a\"},{\"id\":")), "no proper JSON");
        await scene.HoldsAsync("1|a|∅|∅");
    }

    [TestMethod]
    public async Task A_resource_that_reads_a_table_takes_no_file()
    {
        await using var scene = await ImportScene.CreateAsync();
        await using var source = await FrontEnd.CreateAsync("sqlite");
        await source.CreateAsync(Copy with { Name = "t" });
        await scene.Hub.ApplyAsync(TestHub.Connections(("source", source)), TestHub.Resource("fed", Copy with { Name = "t" }, "mode: snapshot"));

        var outcome = await scene.Hub.RunAsync(2, "import", "fed", scene.File("a.csv", "id,name\n1,a\n"));

        StringAssert.Contains(outcome.Error, "is read from source");
        Assert.IsEmpty(await scene.Hub.GetAsync("batch", "fed"));
    }

    [TestMethod]
    [DataRow("a.jsonl", "{\"id\":\"007\",\"name\":\"甲\",\"amount\":1.50}\n\n{\"名称\":\"乙\",\"编号\":\"8\",\"day\":\"2026-07-01\"}\n{\"id\":\"9\",\"name\":\"\\ud800\"}\n{\"id\":\"10\",\"name\":{\"a\":1}}\n")]
    public async Task Json_objects_name_their_own_columns(string name, string content)
    {
        await using var scene = await ImportScene.CreateAsync();
        // One item under two names is refused: which of them counts can't be told.
        StringAssert.Contains(await scene.RefusedAsync(scene.File(name, content)), "has 2 columns");
        content = content.Replace("名称", "name", StringComparison.Ordinal).Replace("编号", "id", StringComparison.Ordinal);

        foreach (var file in new[] { scene.File(name, content), scene.File("a.json", "\uFEFF[" + string.Join(",", content.Split('\n', StringSplitOptions.RemoveEmptyEntries)) + "]") })
        {
            var result = await scene.ImportAsync(3, file);
            Assert.AreEqual(2, result.GetProperty("accepted").GetInt32());
            await scene.HoldsAsync("007|甲|1.5|∅", "8|乙|∅|2026-07-01");
            Assert.HasCount(2, await scene.OpenAsync());
        }
    }

    [TestMethod]
    public async Task Xml_rows_are_the_children_of_the_root()
    {
        await using var scene = await ImportScene.CreateAsync();
        const string Rows = """
            <r:all xmlns:r="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
              <r:row id="007"><r:名称>甲 &amp; <![CDATA[<乙>]]></r:名称><amount>1.50</amount></r:row>
              <r:row id="8"><名称>丙</名称><amount xsi:nil="true"/><day>2026-07-01</day></r:row>
              <r:row id="9"><名称><a>1</a></名称></r:row>
              <r:row id="10"><名称>a</名称><名称>b</名称></r:row>
              <!-- none --><r:row id="11"><名称/></r:row>
            </r:all>
            """;

        var result = await scene.ImportAsync(3, scene.File("a.xml", Rows));

        Assert.AreEqual(2, result.GetProperty("accepted").GetInt32());
        await scene.HoldsAsync("007|甲 & <乙>|1.5|∅", "8|丙|∅|2026-07-01");
        CollectionAssert.AreEqual(new[] { "a.xml, line 4: type", "a.xml, line 5: fields", "a.xml, line 6: required" }, await scene.OpenAsync());
        StringAssert.Contains(await scene.RefusedAsync(scene.File("d.xml", "<!DOCTYPE a [<!ENTITY e \"x\">]>" + Rows)), "DTD");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("c.xml", Rows[..^20])), "no proper XML");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("o.xml", "<a><b><id>1</id><name>x</name></b><c/></a>")), "'c' in line 1");
    }

    [TestMethod]
    [DataRow("Read:2")]
    [DataRow("Quality:2")]
    [DataRow("Payload:2")]
    [DataRow("Append:1")]
    [DataRow("Append:3")]
    [DataRow("Mark:1")]
    [DataRow("DeliverBeforeCommit:2")]
    [DataRow("DeliverAfterCommit:2")]
    [DataRow("Cursor:1")]
    public async Task Killed_and_imported_again_the_target_holds_the_file(string step)
    {
        await using var scene = await ImportScene.CreateAsync();
        await scene.ImportAsync(0, scene.File("a.csv", "id,name\n" + string.Concat(Enumerable.Range(1, 12).Select(id => $"{id},old\n"))));
        var file = scene.File("b.csv", "id,name\n" + string.Concat(Enumerable.Range(5, 12).Select(id => $"{id},{(id == 9 ? "" : "new")}\n")));
        scene.Hub.Process.Environment["EXCHANGE_KILL_AT"] = step;

        var killed = await scene.Hub.RunProcessAsync("import", "r", file, "--full");
        Assert.AreEqual(128 + 9, killed.Status, killed.Error);
        // Nothing is removed before the mark.
        if (step[0] is 'R' or 'Q' or 'P') Assert.HasCount(12, await scene.Target.LinesAsync(Copy));
        await scene.ImportAsync(3, file, "--full");

        await scene.HoldsAsync([.. Enumerable.Range(5, 12).Select(id => $"{id}|{(id == 9 ? "old" : "new")}|∅|∅").Order(StringComparer.Ordinal)]);
        Assert.HasCount(1, await scene.OpenAsync());
        Assert.IsFalse((await scene.Hub.GetAsync("run")).Any(run => run.GetProperty("state").GetString() == "running"));
    }
}
