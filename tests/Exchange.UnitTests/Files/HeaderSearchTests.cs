using Exchange.Adapters.Files;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Imports;
using Exchange.Contracts.Files;
using Exchange.UnitTests.Quality;

namespace Exchange.UnitTests.Files;

/// <summary>Which row of a file is taken for the one that names its columns.</summary>
[TestClass]
public sealed class HeaderSearchTests
{
    static readonly Resource KeyAlone = Judging.Resource(Judging.Item("id", "string(20)") with { Title = "编号" }, Judging.Item("name", "string(20)"), Judging.Item("note", "string(20)"));

    static readonly Resource Named = KeyAlone with { Items = [KeyAlone.Items[0], KeyAlone.Items[1] with { Required = true }, KeyAlone.Items[2]] };

    readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");

    [TestCleanup]
    public void Delete() => File.Delete(_path);

    static FileRow Row(int line, params string[] cells) => new(new FilePlace("line", line), cells);

    /// <summary>The place of the header (with ? where it is the nearest one alone) or why there is none.</summary>
    static string Found(Resource resource, params string[] rows)
    {
        try
        {
            var found = new HeaderSearch(resource, "f.csv").Find(rows.Select((row, at) => Row(at + 1, row.Split(','))))!;
            Assert.AreEqual(found.Row.Place.Number - 1, found.Above);
            return $"{found.Row.Place.Number}{(found.Complete ? "" : "?")}";
        }
        catch (FileFormException refused)
        {
            return refused.Message;
        }
    }

    [TestMethod]
    [DataRow("1", "id,name", "1,a")]
    [DataRow("1", "name,ＩＤ ,x", "1,a")]
    [DataRow("3", "List,", ",", "编号,name", "1,a")]
    [DataRow("2", ",List,,2026", "id,name,note")]
    [DataRow("2", "List", "id,name", "1,a")]
    [DataRow("1?", "1,a", "2,b")]
    [DataRow("2?", "List", "id,nmae,note", "1,a,")]
    [DataRow("1?", "1,a", "2,id", "3,c")]
    [DataRow("1?", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "id,name")]
    [DataRow("10", "x", "x", "x", "x", "x", "x", "x", "x", "x", "id,name")]
    public void The_first_row_that_names_what_rows_need(string place, params string[] rows) => Assert.AreEqual(place, Found(Named, rows));

    [TestMethod]
    [DataRow("line 1 may be a row", "1,a", "id,name", "2,b")]
    [DataRow("line 2 may be a row", "List", "1,,x", "id,name,note", "2,b,")]
    [DataRow("line 1 may be a row", "id,nmae", "id,name", "2,b")]
    [DataRow("line 1 and line 2", "id,name", "编号,NAME", "2,b")]
    [DataRow("line 2 and line 5", "List", "id,name,x", "2,b,", "3,c,", "id,name,y")]
    public void In_doubt_there_is_none(string why, params string[] rows) => StringAssert.Contains(Found(Named, rows), why);

    [TestMethod]
    [DataRow("2", "List", "id,name", "1,a")]
    [DataRow("1", "id", "1")]
    [DataRow("1", "id,name", "x,id", "name,id")]
    [DataRow("f.csv: line 2 names the columns, and line 1 may be a row.", "5,", "id,x", "6,y")]
    [DataRow("f.csv: line 2 names the columns, and line 1 may be a row.", "List", "id", "6")]
    public void A_single_name_that_is_needed_is_little_evidence(string found, params string[] rows) => Assert.AreEqual(found, Found(KeyAlone, rows));

    [TestMethod]
    public void Rows_are_looked_at_no_further_than_their_letters_fit_and_half_a_letter_is_no_name()
    {
        IEnumerable<FileRow> Rows()
        {
            yield return Row(1, "\ud800", new string('x', 1_000_000));
            yield return Row(2, "id", new string('x', 1_000_000));
            Assert.Fail("a row too many was read");
        }

        Assert.IsFalse(new HeaderSearch(Named, "f.csv").Find(Rows())!.Complete);
        Assert.IsNull(new HeaderSearch(Named, "f.csv").Find([]));
    }

    [TestMethod]
    [DataRow("id|name|2: 1|a", "id,name\n1,a\n")]
    [DataRow("id|name|6: 1|a", "List\n\n\"two\nlines\"\nid,name\n1,a\n")]
    [DataRow("id|name|5: 1|a", "A \"title\"\n\"two\nlines\"\nid,name\n1,a\n")]
    [DataRow("id|name|3: 1|a,b", "One, two, three\nid;name\n1;a,b\n")]
    [DataRow("id|name", "One, two\nid\tname\n")]
    [DataRow("1|a|2: id;name|∅ !!fields|3: 2|b", "1,a\nid;name\n2,b\n")]
    [DataRow("One| two|2: id;name|∅ !!fields", "One, two\nid;name\n", ',')]
    public async Task Csv_is_read_from_its_header_on(string expected, string content, char? delimiter = null)
    {
        await File.WriteAllTextAsync(_path, content);
        Assert.AreEqual(expected, string.Join("|", await FileReading.LinesAsync(new FileRequest { Path = _path, Delimiter = delimiter }, search: new HeaderSearch(Named, "f.csv"))));
    }

    [TestMethod]
    public async Task A_title_with_a_quote_that_swallows_lines_is_refused()
    {
        await File.WriteAllTextAsync(_path, "\"List\nid,name\n1,a\n2,\"b\n3,c\n");
        StringAssert.Contains(await FileReading.RefusedAsync(new FileRequest { Path = _path }), "line 1 has no proper end up to line 4");
    }

    [TestMethod]
    public async Task A_file_whose_header_was_changed_after_it_was_found_is_refused()
    {
        await File.WriteAllTextAsync(_path, "id,name\n1,a\n");
        await using var source = await new FileSources().OpenAsync(new FileRequest { Path = _path }, new HeaderSearch(Named, "f.csv"), CancellationToken.None);
        await File.WriteAllTextAsync(_path, "name,id\n1,a\n");
        var refused = await Assert.ThrowsExactlyAsync<FileFormException>(async () => await source.ReadAsync(1, 1, CancellationToken.None).FirstAsync());
        StringAssert.Contains(refused.Message, "changed");
    }
}
