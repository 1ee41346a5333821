using System.Diagnostics;
using System.Globalization;
using System.Text;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Exchange.Bus.Log;
using Exchange.Contracts.Rows;
using FsCheck;
using FsCheck.Fluent;

namespace Exchange.UnitTests.Log;

[TestClass]
public sealed class ArrowCodecTests
{
    readonly ArrowCodec _codec = new();

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void Extremes_and_nulls_of_every_type_come_back_without_loss()
    {
        var rows = RowSamples.Extremes();
        RowSamples.AssertSame(rows, _codec.Decode(_codec.Encode(rows)));
    }

    [TestMethod]
    public void A_batch_without_rows_keeps_its_columns()
    {
        var rows = RowBatch.Empty(RowSamples.EveryType);
        RowSamples.AssertSame(rows, _codec.Decode(_codec.Encode(rows)));
    }

    [TestMethod]
    public void A_batch_without_columns_keeps_its_operations()
    {
        var rows = RowBatch.Empty([]);
        rows.EndRow();
        rows.EndRow(RowOperation.Delete);
        RowSamples.AssertSame(rows, _codec.Decode(_codec.Encode(rows)));
        RowSamples.AssertSame(RowBatch.Empty([]), _codec.Decode(_codec.Encode(RowBatch.Empty([]))));
    }

    [TestMethod]
    public void Any_rows_come_back_as_they_were() => Prop.ForAll(ArbMap.Default.ArbFor<(string?, int?, long, decimal, double, bool?, byte[]?)[]>(), values =>
    {
        var rows = RowBatch.Empty(RowSamples.EveryType);
        foreach (var value in values) AppendAny(rows, value);
        RowSamples.AssertSame(rows, _codec.Decode(_codec.Encode(rows)));
    }).QuickCheckThrowOnFailure();

    [TestMethod]
    public void The_file_says_its_types_to_other_readers()
    {
        using var reader = new ArrowFileReader(new MemoryStream(_codec.Encode(RowSamples.Extremes()).ToArray()), new CompressionCodecFactory());
        using var batch = reader.ReadNextRecordBatch();
        var fields = batch.Schema.FieldsList;
        Assert.AreEqual("exchange_operation uint8, 检查行为编号 utf8, t utf8, i32 int32, i64 int64, d decimal128, f double, b bool, day date32, at timestamp, raw binary",
            string.Join(", ", fields.Select(field => $"{field.Name} {field.DataType.Name}")));
        CollectionAssert.AreEqual(RowSamples.EveryType.Select(item => item.Type.ToString()).ToArray(), fields.Skip(1).Select(field => field.Metadata["exchange.type"]).ToArray());
        var instant = (TimestampType)fields[9].DataType;
        Assert.AreEqual(TimeUnit.Microsecond, instant.Unit);
        Assert.AreEqual("UTC", instant.Timezone);
        var amount = (Decimal128Type)fields[5].DataType;
        Assert.AreEqual((28, 10), (amount.Precision, amount.Scale));
    }

    [TestMethod]
    public void Rows_that_repeat_are_stored_compressed()
    {
        var rows = RowBatch.Empty([("t", new ItemType(ItemKind.Text))]);
        for (var row = 0; row < 10_000; row++)
        {
            ((BytesColumn)rows.Columns[0]).Append("行政检查行为");
            rows.EndRow();
        }

        Assert.IsLessThan(60_000, _codec.Encode(rows).Length, "of 220,000 bytes of text and offsets");
    }

    [TestMethod]
    public void What_is_no_payload_of_ours_is_refused()
    {
        using var other = new MemoryStream();
        var schema = new Apache.Arrow.Schema([new Apache.Arrow.Field("x", Int32Type.Default, false)], null);
        using (var writer = new ArrowFileWriter(other, schema, leaveOpen: true))
        {
            writer.WriteRecordBatch(new Apache.Arrow.RecordBatch(schema, [new Apache.Arrow.Int32Array.Builder().Append(1).Build()], 1));
            writer.WriteEnd();
        }

        Assert.ThrowsExactly<InvalidDataException>(() => _codec.Decode(other.ToArray()));
    }

    [TestMethod]
    public void A_million_rows_of_twenty_columns_pass_and_their_pace_is_told()
    {
        var rows = Wide(20_000);
        var (payload, clock, batches) = (_codec.Encode(rows), Stopwatch.StartNew(), 50);
        for (var at = 0; at < batches; at++) payload = _codec.Encode(rows);
        var encoded = clock.Elapsed;
        clock.Restart();
        var back = _codec.Decode(payload);
        for (var at = 1; at < batches; at++) back = _codec.Decode(payload);
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"1,000,000 rows x 20: encoded in {encoded.TotalSeconds:F2} s, decoded in {clock.Elapsed.TotalSeconds:F2} s, {payload.Length * batches / 1e6:F0} MB"));
        RowSamples.AssertSame(rows, back);
    }

    static void AppendAny(RowBatch rows, (string? Text, int? Small, long Large, decimal Amount, double Number, bool? Flag, byte[]? Raw) value)
    {
        // Lone surrogates are no Unicode text and cannot come in: rows are UTF-8 from the edge on.
        var text = value.Text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value.Text));
        Put<BytesColumn>(0, text is not null, column => column.Append(text!));
        Put<BytesColumn>(1, text is not null, column => column.Append(text + text));
        Put<LongColumn>(2, value.Small is not null, column => column.Append((long)value.Small!.Value));
        Put<LongColumn>(3, value.Large % 5 != 0, column => column.Append(value.Large));
        Put<DecimalColumn>(4, value.Small is not null, column => column.Append(decimal.Round(value.Amount % 1_000_000_000_000_000_000m, 10)));
        Put<DoubleColumn>(5, double.IsFinite(value.Number), column => column.Append(value.Number));
        Put<LongColumn>(6, value.Flag is not null, column => column.Append(value.Flag!.Value ? 1L : 0L));
        Put<LongColumn>(7, value.Small is not null, column => column.Append((long)(value.Small!.Value % 700_000)));
        Put<LongColumn>(8, true, column => column.Append(value.Large % Temporal.LargestMicrosecond));
        Put<BytesColumn>(9, value.Raw is not null, column => column.Append(value.Raw.AsSpan()));
        rows.EndRow(value.Flag == true ? RowOperation.Delete : RowOperation.Upsert);

        void Put<T>(int at, bool present, Action<T> append) where T : Column
        {
            if (present) append((T)rows.Columns[at]);
            else rows.Columns[at].AppendNull();
        }
    }

    /// <summary>Columns like those of a department's table (fact 06): codes, Chinese names and addresses, dates, amounts.</summary>
    static RowBatch Wide(int count)
    {
        var random = new Random(20260701);
        var schema = Enumerable.Range(0, 20).Select(at => ($"c{at}", at switch
        {
            < 10 => ItemType.String(64), < 13 => new ItemType(ItemKind.Date), < 15 => new ItemType(ItemKind.Timestamp), < 17 => ItemType.Decimal(12, 2), 17 => new ItemType(ItemKind.Int64),
            18 => new ItemType(ItemKind.Boolean), _ => new ItemType(ItemKind.Text),
        }));
        var rows = RowBatch.Empty(schema, count);
        for (var row = 0; row < count; row++)
        {
            for (var at = 0; at < 10; at++) ((BytesColumn)rows.Columns[at]).Append(at < 5 ? $"1199000000{random.Next(100_000_000):D8}" : $"示例省第{random.Next(10_000)}号检查");
            for (var at = 10; at < 13; at++) ((LongColumn)rows.Columns[at]).Append((long)random.Next(20_000));
            for (var at = 13; at < 15; at++) ((LongColumn)rows.Columns[at]).Append(random.NextInt64(1_700_000_000_000_000));
            for (var at = 15; at < 17; at++) ((DecimalColumn)rows.Columns[at]).Append(random.Next(1_000_000) / 100m);
            ((LongColumn)rows.Columns[17]).Append((long)row);
            ((LongColumn)rows.Columns[18]).Append((long)(row & 1));
            if (row % 3 == 0) rows.Columns[19].AppendNull();
            else ((BytesColumn)rows.Columns[19]).Append("检查情况正常");
            rows.EndRow();
        }

        return rows;
    }
}
