using System.Text;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;
using MiniExcelLibs;
using Parquet;
using Parquet.Schema;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>Workbooks and Parquet files, written by other libraries than those that read them, taken in by the real command line.</summary>
[TestClass]
public sealed class BinaryImportTests
{
    static readonly string[] Whole = ["007|甲|1.5|2026-07-01", "10|十|∅|∅", "8|乙|0.1|∅", "9|丙|3|2026-07-02"];

    sealed record Line(string 编号, string? Name, double? Amount, DateTime? Day);

    static string Workbook(ImportScene scene, string name)
    {
        var path = Path.Combine(scene.Hub.Process.Folder, name);
        Line[] rows = [new("007", "甲", 1.5, new DateTime(2026, 7, 1)), new("8", "乙", 0.1, null), new("9", "丙", 3, new DateTime(2026, 7, 2)), new("10", "十", null, null)];
        MiniExcel.SaveAs(path, rows, sheetName: "数据", overwriteFile: true);
        return path;
    }

    /// <summary>Parquet.Net packs levels wrongly when two of its first writers run at once.</summary>
    static readonly SemaphoreSlim OneWriter = new(1);

    static async Task<string> ParquetAsync(ImportScene scene, string name, params (string Id, string? Name, decimal? Amount, DateOnly? Day)[] rows)
    {
        var path = Path.Combine(scene.Hub.Process.Folder, name);
        DataField id = new DataField<string>("id"), title = new DataField<string>("名称"), amount = new DecimalDataField("amount", 12, 2, isNullable: true), day = new DataField<DateOnly?>("day");
        await OneWriter.WaitAsync();
        try
        {
            await using var file = File.Create(path);
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(id, title, amount, day), file);
            foreach (var group in rows.Chunk(5))
            {
                using var part = writer.CreateRowGroup();
                await part.WriteAsync(id, group.Select(row => row.Id).ToArray());
                await part.WriteAsync(title, group.Select(row => row.Name!).ToArray());
                await part.WriteAsync<decimal>(amount, group.Select(row => row.Amount).ToArray().AsMemory());
                await part.WriteAsync<DateOnly>(day, group.Select(row => row.Day).ToArray().AsMemory());
                part.CompleteValidate();
            }
        }
        finally
        {
            OneWriter.Release();
        }

        return path;
    }

    static Task<string> ParquetAsync(ImportScene scene, string name) => ParquetAsync(scene, name, ("007", "甲", 1.5m, new DateOnly(2026, 7, 1)), ("8", "乙", 0.1m, null), ("9", "丙", 3m, new DateOnly(2026, 7, 2)), ("10", "十", null, null));

    [TestMethod]
    [DataRow("sqlite")]
    [DataRow("postgresql")]
    public async Task A_workbook_and_a_parquet_file_come_to_the_subscriber_as_they_are(string store)
    {
        await using var scene = await ImportScene.CreateAsync(store == "sqlite" ? null : await TestDatabase.CreateAsync(store));

        Assert.AreEqual(4, (await scene.ImportAsync(0, Workbook(scene, "a.xlsx"), "--full")).GetProperty("accepted").GetInt32());
        await scene.HoldsAsync(Whole);
        Assert.AreEqual(4, (await scene.ImportAsync(0, Workbook(scene, "b.xlsx"), "--sheet", "数据")).GetProperty("accepted").GetInt32());
        Assert.AreEqual(4, (await scene.ImportAsync(0, await ParquetAsync(scene, "a.parquet"), "--full")).GetProperty("accepted").GetInt32());
        await scene.HoldsAsync(Whole);
        await scene.ImportAsync(0, await ParquetAsync(scene, "b.parquet", ("8", "乙", 2m, null)), "--full");
        await scene.HoldsAsync("8|乙|2|∅");
    }

    [TestMethod]
    public async Task Wrong_rows_are_told_with_their_row_and_written_to_a_file_that_is_corrected_and_imported()
    {
        await using var scene = await ImportScene.CreateAsync();
        var errors = Path.Combine(scene.Hub.Process.Folder, "errors.csv");
        var file = await ParquetAsync(scene, "a.parquet", ("1", "one", 1m, null), ("2", null, -2m, null), ("3", "three, \"3\"", -3m, new DateOnly(2026, 7, 1)));

        var result = await scene.ImportAsync(3, file, "--errors", errors);

        Assert.AreEqual(errors, result.GetProperty("errors").GetString());
        CollectionAssert.AreEqual(new[] { "a.parquet, row 2: min", "a.parquet, row 2: required", "a.parquet, row 3: min" }, await scene.OpenAsync());
        var written = await File.ReadAllTextAsync(errors);
        var lines = written.Split("\r\n");
        Assert.AreEqual("exchange_place,exchange_rules,exchange_reasons,id,名称,amount,day", lines[0]);
        StringAssert.StartsWith(lines[1], "\"a.parquet, row 2\",");
        StringAssert.Contains(lines[1], "required");
        StringAssert.EndsWith(lines[1], ",2,,-2,");
        StringAssert.EndsWith(lines[2], ",3,\"three, \"\"3\"\"\",-3,2026-07-01");
        Assert.HasCount(4, lines);
        Assert.IsTrue((await File.ReadAllBytesAsync(errors)).AsSpan().StartsWith(Encoding.UTF8.Preamble));

        await File.WriteAllTextAsync(errors, written.Replace(",2,,-2,", ",2,two,2,", StringComparison.Ordinal).Replace(",-3,", ",3,", StringComparison.Ordinal));
        await scene.ImportAsync(0, errors);
        Assert.IsEmpty(await scene.OpenAsync());
        await scene.HoldsAsync("1|one|1|∅", "2|two|2|∅", "3|three, \"3\"|3|2026-07-01");
    }

    [TestMethod]
    public async Task A_file_of_errors_is_whole_or_not_there()
    {
        await using var scene = await ImportScene.CreateAsync();
        var (folder, file) = (scene.Hub.Process.Folder, scene.File("a.csv", "id,name\n1,a\n2,\n3,\n4,d\n5,\n"));
        var errors = Path.Combine(folder, "errors.csv");

        StringAssert.Contains(await scene.RefusedAsync(file, "--errors", Path.Combine(folder, "none", "e.csv")), "--errors");
        StringAssert.Contains(await scene.RefusedAsync(file, "--errors", file), "another file");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("b.csv", "id\n1\n"), "--errors", errors), "no column for 'name'");
        scene.Hub.Process.Environment["EXCHANGE_KILL_AT"] = "Append:2";
        Assert.AreEqual(128 + 9, (await scene.Hub.RunProcessAsync("import", "r", file, "--errors", errors)).Status);
        Assert.IsFalse(File.Exists(errors));
        var left = Directory.EnumerateFiles(folder, "errors.csv.*").Single();
        var living = Path.Combine(folder, $"errors.csv.{Guid.NewGuid():N}.partial");
        await File.WriteAllTextAsync(living, "of another import");
        await using var held = new FileStream(living, FileMode.Open, FileAccess.Write, FileShare.Delete);
        await File.WriteAllTextAsync(Path.Combine(folder, "errors.csv.mine.partial"), "of the user");

        await scene.ImportAsync(3, file, "--errors", errors);
        Assert.IsFalse(File.Exists(left), "what a killed import left is gone");
        CollectionAssert.AreEquivalent(new[] { errors, living, Path.Combine(folder, "errors.csv.mine.partial") }, Directory.EnumerateFiles(folder, "errors.csv*").ToArray(), "and nothing else");
        CollectionAssert.AreEqual(new[] { "a.csv, line 3", "a.csv, line 4", "a.csv, line 6" }, (await File.ReadAllLinesAsync(errors))[1..].Select(line => line.Split('"')[1]).ToArray());
        await scene.ImportAsync(0, scene.File("c.csv", "id,name\n2,b\n"), "--errors", errors);
        Assert.HasCount(1, await File.ReadAllLinesAsync(errors));
    }

    [TestMethod]
    public async Task Stopped_by_its_limit_of_errors_the_file_holds_what_the_hub_holds_up_to_there()
    {
        await using var scene = await ImportScene.CreateAsync(resource: "  maxErrors: 3\n");
        var errors = Path.Combine(scene.Hub.Process.Folder, "errors.csv");
        // Batches of three rows: the limit is passed in the second one, whose rows were all looked at; the third is not.
        var result = await scene.ImportAsync(1, scene.File("a.csv", "id,name\n1,\n2,\n3,c\n4,\n5,\n6,\n7,\n8,\n9,i\n"), "--errors", errors);

        Assert.AreEqual("provider.quality.limit", result.GetProperty("errorCode").GetString());
        string[] told = ["a.csv, line 2", "a.csv, line 3", "a.csv, line 5", "a.csv, line 6", "a.csv, line 7"];
        CollectionAssert.AreEqual(told, (await File.ReadAllLinesAsync(errors))[1..].Select(line => line.Split('"')[1]).ToArray());
        CollectionAssert.AreEqual(told.Select(place => $"{place}: required").ToArray(), await scene.OpenAsync());
        if (await scene.Target.NumberAsync("SELECT count(*) FROM sqlite_master WHERE name = 'copy'") > 0) await scene.HoldsAsync();
    }

    [TestMethod]
    public async Task Options_of_other_forms_hold_and_large_cells_are_told()
    {
        await using var scene = await ImportScene.CreateAsync();

        await scene.ImportAsync(0, scene.File("a.txt", "1#a;b#1.5#2026-07-01\n"), "--no-header", "--delimiter", "#");
        await scene.HoldsAsync("1|a;b|1.5|2026-07-01");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("a.csv", "id,name\n1,a\n"), "--sheet", "x"), "has no --sheet");
        await scene.ImportAsync(3, await ParquetAsync(scene, "a.parquet", ("2", new string('x', 2 * 1024 * 1024), null, null), ("3", "c", null, null)));
        CollectionAssert.Contains(await scene.OpenAsync(), "a.parquet, row 1: size");
        await scene.HoldsAsync("1|a;b|1.5|2026-07-01", "3|c|∅|∅");
    }

    [TestMethod]
    public async Task A_file_that_is_wrong_as_a_whole_changes_nothing()
    {
        await using var scene = await ImportScene.CreateAsync();
        var (workbook, parquet) = (await File.ReadAllBytesAsync(Workbook(scene, "a.xlsx")), await File.ReadAllBytesAsync(await ParquetAsync(scene, "a.parquet")));

        StringAssert.Contains(await scene.RefusedAsync(scene.File("b.xlsx", workbook[..^300])), "cut off");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("b.parquet", parquet[..^9])), "cut off");
        // Its writer puts the largest value whole into the head of a page, where Arrow takes 16 MiB.
        var large = await ParquetAsync(scene, "large.parquet", ("1", new string('x', 17 * 1024 * 1024), null, null));
        StringAssert.Contains(await scene.RefusedAsync(large), "--memory");
        StringAssert.Contains(await scene.RefusedAsync(large, "--memory", "1GiB"), "column '名称' that has a page with a head of");
        StringAssert.Contains(await scene.RefusedAsync(Workbook(scene, "a.xlsx"), "--sheet", "none"), "'数据'");
        StringAssert.Contains(await scene.RefusedAsync(scene.File("o.xls", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0])), "save it as .xlsx");
    }

    [TestMethod]
    [DataRow("Read:2", "parquet")]
    [DataRow("Append:2", "parquet")]
    [DataRow("Mark:1", "parquet")]
    [DataRow("DeliverAfterCommit:2", "parquet")]
    [DataRow("Append:2", "xlsx")]
    [DataRow("Mark:1", "xlsx")]
    public async Task Killed_and_imported_again_the_target_holds_the_file(string step, string form)
    {
        await using var scene = await ImportScene.CreateAsync();
        await scene.ImportAsync(0, scene.File("a.csv", "id,name\n" + string.Concat(Enumerable.Range(1, 12).Select(id => $"{id},old\n"))));
        var ids = Enumerable.Range(5, 12).ToList();
        var file = Path.Combine(scene.Hub.Process.Folder, $"b.{form}");
        if (form == "parquet") await ParquetAsync(scene, "b.parquet", [.. ids.Select(id => ($"{id}", (string?)"new", (decimal?)null, (DateOnly?)null))]);
        else MiniExcel.SaveAs(file, ids.Select(id => new Line($"{id}", "new", null, null)));
        scene.Hub.Process.Environment["EXCHANGE_KILL_AT"] = step;

        var killed = await scene.Hub.RunProcessAsync("import", "r", file, "--full");
        Assert.AreEqual(128 + 9, killed.Status, killed.Error);
        if (step[0] is 'R') Assert.HasCount(12, await scene.Target.LinesAsync(ImportScene.Copy));
        await scene.ImportAsync(0, file, "--full");

        await scene.HoldsAsync([.. ids.Select(id => $"{id}|new|∅|∅").Order(StringComparer.Ordinal)]);
        Assert.IsFalse((await scene.Hub.GetAsync("run")).Any(run => run.GetProperty("state").GetString() == "running"));
    }
}
