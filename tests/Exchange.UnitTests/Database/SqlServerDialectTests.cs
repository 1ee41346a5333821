using Exchange.Adapters.Database.Reading;
using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Database;

/// <summary>What of SQL Server is decided without a server: types, names, what a column holds.</summary>
[TestClass]
public sealed class SqlServerDialectTests
{
    static readonly SqlServerDialect Dialect = new();
    static readonly SqlServerTarget Target = new(Dialect, TimeProvider.System);

    [TestMethod]
    [DataRow(231, "nvarchar", 40, 0, 0, "string(20)", "nvarchar(20)")]
    [DataRow(231, "nvarchar", -1, 0, 0, "text", "nvarchar(max)")]
    [DataRow(239, "nchar", 20, 0, 0, "string(10)", "nchar(10)")]
    [DataRow(167, "varchar", 8000, 0, 0, "string(8000)", "varchar(8000)")]
    [DataRow(175, "char", 18, 0, 0, "string(18)", "char(18)")]
    [DataRow(35, "text", 16, 0, 0, "text", "text")]
    [DataRow(99, "ntext", 16, 0, 0, "text", "ntext")]
    [DataRow(48, "tinyint", 1, 3, 0, "int32", "tinyint")]
    [DataRow(52, "smallint", 2, 5, 0, "int32", "smallint")]
    [DataRow(127, "bigint", 8, 19, 0, "int64", "bigint")]
    [DataRow(104, "bit", 1, 1, 0, "boolean", "bit")]
    [DataRow(106, "decimal", 13, 28, 10, "decimal(28,10)", "decimal(28,10)")]
    [DataRow(108, "numeric", 17, 29, 0, "text", "numeric(29,0)")]
    [DataRow(60, "money", 8, 19, 4, "decimal(19,4)", "money")]
    [DataRow(122, "smallmoney", 4, 10, 4, "decimal(10,4)", "smallmoney")]
    [DataRow(59, "real", 4, 24, 0, "double", "real")]
    [DataRow(62, "float", 8, 53, 0, "double", "float")]
    [DataRow(40, "date", 3, 10, 0, "date", "date")]
    [DataRow(61, "datetime", 8, 23, 3, "timestamp", "datetime")]
    [DataRow(42, "datetime2", 8, 27, 7, "timestamp", "datetime2(7)")]
    [DataRow(43, "datetimeoffset", 10, 34, 7, "timestamp", "datetimeoffset(7)")]
    [DataRow(41, "time", 5, 16, 7, "text", "time(7)")]
    [DataRow(36, "uniqueidentifier", 16, 0, 0, "text", "uniqueidentifier")]
    [DataRow(189, "timestamp", 8, 0, 0, "int64", "timestamp")]
    [DataRow(165, "varbinary", -1, 0, 0, "binary", "varbinary(max)")]
    [DataRow(34, "image", 16, 0, 0, "binary", "image")]
    [DataRow(241, "xml", -1, 0, 0, "text", "xml")]
    [DataRow(98, "sql_variant", 8016, 0, 0, "text", "sql_variant")]
    [DataRow(240, "hierarchyid", 892, 0, 0, "text", "hierarchyid")]
    [DataRow(240, "geography", -1, 0, 0, "text", "geography")]
    [DataRow(255, "of another day", 5, 0, 0, "text", "of another day")]
    public void A_type_reads_as_its_natural_item_type(int id, string name, int length, int precision, int scale, string natural, string spelling)
    {
        var type = new SqlServerType(id, name, length, precision, scale, null);
        Assert.AreEqual(natural, type.Natural.ToString());
        Assert.AreEqual(spelling, type.Spelling);
        var native = new SqlServerNative(type);
        Assert.AreEqual(native, new SqlServerNative(native.ToString()));
    }

    [TestMethod]
    [DataRow("Latin1_General_100_BIN2", 231, "nvarchar", false)]
    [DataRow("Latin1_General_100_BIN2_UTF8", 167, "varchar", false)]
    [DataRow("Chinese_PRC_BIN", 231, "nvarchar", false)]
    [DataRow("Latin1_General_100_BIN2", 239, "nchar", true)]
    [DataRow("Chinese_PRC_CI_AS", 231, "nvarchar", true)]
    [DataRow("Latin1_General_100_CS_AS_KS_WS_SC", 231, "nvarchar", true)]
    [DataRow("SQL_Latin1_General_CP1_CS_AS", 167, "varchar", true)]
    public void Only_a_binary_collation_tells_every_text_from_every_other(string collation, int id, string name, bool same) =>
        Assert.AreEqual(same, new SqlServerType(id, name, 20, 0, 0, collation).TakesForEqual);

    [TestMethod]
    public void Made_columns_have_room_for_every_value()
    {
        Assert.AreEqual("nvarchar(40)", Dialect.NativeType(ItemType.String(20), key: false));
        Assert.AreEqual("nvarchar(4000)", Dialect.NativeType(ItemType.String(2_000), key: false));
        Assert.AreEqual("nvarchar(max)", Dialect.NativeType(ItemType.String(2_001), key: false));
        Assert.AreEqual("nvarchar(40) COLLATE Latin1_General_100_BIN2", Dialect.NativeType(ItemType.String(20), key: true));
        Assert.AreEqual("datetime2(6)", Dialect.NativeType(new ItemType(ItemKind.Timestamp), key: false));
        foreach (var type in new[] { ItemType.String(20), ItemType.String(5_000), new ItemType(ItemKind.Text), new ItemType(ItemKind.Int32), new ItemType(ItemKind.Int64), ItemType.Decimal(28, 10), new ItemType(ItemKind.Double), new ItemType(ItemKind.Boolean), new ItemType(ItemKind.Date), new ItemType(ItemKind.Binary) })
        {
            var (name, numbers) = Parts(Dialect.NativeType(type, key: false));
            Assert.IsNull(Target.Needed(type, new NativeColumn("c", name, name) { Length = name.Contains("char", StringComparison.Ordinal) ? numbers.Item1 : null, Precision = numbers.Item1, Scale = numbers.Item2 }), type.ToString());
        }
    }

    [TestMethod]
    [DataRow("string(20)", "nvarchar", 19, null, false)]
    [DataRow("string(20)", "nvarchar", 20, null, true)]
    [DataRow("string(20)", "varchar", 39, 936, false)]
    [DataRow("string(20)", "varchar", 40, 936, true)]
    [DataRow("string(20)", "varchar", 20, 1252, true)]
    [DataRow("string(20)", "varchar", 59, null, false)]
    [DataRow("string(20)", "varchar", 60, null, true)]
    [DataRow("string(20)", "ntext", null, null, true)]
    [DataRow("text", "nvarchar", 4000, null, false)]
    [DataRow("date", "datetime", null, null, false)]
    [DataRow("timestamp", "datetime", null, null, false)]
    [DataRow("decimal(18,4)", "money", null, null, true)]
    [DataRow("decimal(19,4)", "money", null, null, false)]
    [DataRow("int32", "smallint", null, null, false)]
    public void A_column_that_stands_holds_an_item_or_is_refused(string item, string native, int? length, int? page, bool holds)
    {
        Assert.IsNull(ItemType.Parse(item, out var type));
        Assert.AreEqual(holds, Target.Needed(type, new NativeColumn("c", native, native) { Length = length, CodePage = page, Precision = 3, Scale = 3 }) is null);
    }

    [TestMethod]
    public void Names_are_quoted_and_cut_at_128_units()
    {
        Assert.AreEqual("[a]]b[c]", Dialect.Quote("a]b[c"));
        Assert.AreEqual("[s].[t.u]", Dialect.Quote(new TableName("s", "t.u")));
        Assert.ThrowsExactly<ArgumentException>(() => Dialect.Quote("a\0b"));
        var cut = Dialect.GeneratedName("exchange_changelog_" + string.Concat(Enumerable.Repeat("😀", 60)));
        Assert.IsLessThanOrEqualTo(128, cut.Length);
        Assert.IsFalse(char.IsHighSurrogate(cut[cut.IndexOf('_', 20) - 1]), "half of a character before the hash");
    }

    [TestMethod]
    public void A_key_past_what_an_index_holds_is_refused_and_a_long_one_is_kept_beside_the_rows()
    {
        Assert.AreEqual("PRIMARY KEY", Target.PrimaryKey(Keyed(225)));
        Assert.AreEqual("PRIMARY KEY NONCLUSTERED", Target.PrimaryKey(Keyed(226)));
        Assert.IsEmpty(Target.JudgeNew(Keyed(425)));
        Assert.Contains("1704", Target.JudgeNew(Keyed(426)).Single());
    }

    [TestMethod]
    public void A_place_in_an_order_is_kept_exactly_and_typed_as_its_column()
    {
        var column = new ColumnShape("at", "at", new ItemType(ItemKind.Timestamp), "datetime", (int)SqlServerForm.DateTime);
        var parameter = SqlServerValues.Parameter("@p0", column, codePoint: false, SqlServerValues.Exact(SqlServerForm.DateTime, "2026-07-01 08:00:00.0070000"));
        Assert.AreEqual(System.Data.SqlDbType.DateTime, parameter.SqlDbType);
        Assert.AreEqual(new DateTime(2026, 7, 1, 8, 0, 0, 7), parameter.Value);
        const string Half = "half \uD83D";
        Assert.AreEqual(Half, SqlServerValues.Parameter("@p0", column with { Form = (int)SqlServerForm.Unicode, Native = "nvarchar(9)" }, codePoint: false, System.Runtime.InteropServices.MemoryMarshal.AsBytes(Half.AsSpan())).Value);
        Assert.AreEqual(new DateTime(1753, 1, 1), SqlServerValues.Clamped(SqlServerForm.DateTime, DateTime.MinValue));
        Assert.AreEqual(0, SqlServerValues.Clamped(SqlServerForm.RowVersion, -5));
    }

    static TargetTable Keyed(int length) => new() { Subscription = "s", Table = new TableName(null, "t"), Columns = [new("id", ItemType.String(length), true, null)], Key = ["id"] };

    static (string, (int?, int?)) Parts(string native)
    {
        var open = native.IndexOf('(', StringComparison.Ordinal);
        if (open < 0 || native.EndsWith("(max)", StringComparison.Ordinal)) return (open < 0 ? native : native[..open], (null, null));
        var numbers = native[(open + 1)..^1].Split(',').Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return (native[..open], (numbers[0], numbers.Count > 1 ? numbers[1] : null));
    }
}
