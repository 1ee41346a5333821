using Exchange.Contracts.Files;
using Parquet;
using Parquet.Schema;

namespace Exchange.UnitTests.Files;

/// <summary>Files are written by another library than the one that reads them.</summary>
[TestClass]
[DoNotParallelize] // Parquet.Net, which writes the files, packs levels wrongly when two of its first writers run at once
public sealed class ParquetTests
{
    readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.parquet");

    FileRequest Request => new() { Path = _path };

    [TestCleanup]
    public void Delete() => File.Delete(_path);

    static readonly DataField<int?> Number = new("n");
    static readonly DataField<string> Word = new("文字");

    /// <summary>Groups of rows, each row with its number and a word.</summary>
    async Task WriteAsync(int groups, int rows, CompressionMethod compression = CompressionMethod.Snappy)
    {
        await using var file = File.Create(_path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(Number, Word), file, new ParquetOptions { CompressionMethod = compression });
        for (var group = 0; group < groups; group++)
        {
            using var part = writer.CreateRowGroup();
            var from = group * rows;
            await part.WriteAsync<int>(Number, Enumerable.Range(from, rows).Select(row => row % 3 == 2 ? (int?)null : row).ToArray().AsMemory());
            await part.WriteAsync(Word, Enumerable.Range(from, rows).Select(row => row % 5 == 4 ? null! : $"字{row % 7}").ToArray());
            part.CompleteValidate();
        }
    }

    [TestMethod]
    [DataRow(CompressionMethod.None)]
    [DataRow(CompressionMethod.Snappy)]
    [DataRow(CompressionMethod.Gzip)]
    [DataRow(CompressionMethod.Zstd)]
    [DataRow(CompressionMethod.Brotli)]
    [DataRow(CompressionMethod.Lz4Raw)]
    public async Task Groups_of_rows_are_read_on_with_nulls_and_dictionaries_however_they_are_packed(CompressionMethod compression)
    {
        await WriteAsync(3, 2500, compression);

        var lines = await FileReading.LinesAsync(Request, rows: 700);

        CollectionAssert.AreEqual(Enumerable.Range(0, 7500).Select(row => $"{row + 1}: {(row % 3 == 2 ? "∅" : row)}|{(row % 5 == 4 ? "∅" : $"字{row % 7}")}").Prepend("n|文字").ToArray(), lines);
    }

    async Task OneAsync<T>(DataField field, T value, string expected) where T : struct
    {
        await using (var file = File.Create(_path))
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(field), file);
            using var part = writer.CreateRowGroup();
            await part.WriteAsync<T>(field, new ReadOnlyMemory<T>([value]));
            part.CompleteValidate();
        }

        Assert.AreEqual($"1: {expected}", (await FileReading.LinesAsync(Request))[1], field.ToString());
    }

    [TestMethod]
    public async Task Values_keep_their_types()
    {
        await OneAsync(new DataField<bool>("a"), true, "true");
        await OneAsync(new DataField<sbyte>("a"), (sbyte)-5, "-5");
        await OneAsync(new DataField<ushort>("a"), ushort.MaxValue, "65535");
        await OneAsync(new DataField<uint>("a"), uint.MaxValue, "4294967295");
        await OneAsync(new DataField<long>("a"), long.MinValue, "-9223372036854775808");
        await OneAsync(new DataField<ulong>("a"), ulong.MaxValue, "18446744073709551615");
        await OneAsync(new DataField<float>("a"), 0.1f, "0.1");
        await OneAsync(new DataField<double>("a"), 0.1, "0.1");
        await OneAsync(new DataField<double>("a"), double.NaN, "!not-finite:NaN");
        await OneAsync(new DecimalDataField("a", 12, 2), -12.50m, "-12.5");
        await OneAsync(new DecimalDataField("a", 28, 10), 123456789012345678.0123456789m, "123456789012345678.0123456789");
        await OneAsync(new DataField<Guid>("a"), Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff");
        await OneAsync(new DataField<DateOnly>("a"), new DateOnly(2026, 7, 1), "2026-07-01");
        await OneAsync(new DateTimeDataField("a", DateTimeFormat.DateAndTimeMicros, isAdjustedToUTC: true), new DateTime(2026, 7, 1, 10, 0, 0, DateTimeKind.Utc).AddMicroseconds(5), "2026-07-01T10:00:00.000005Z");
        await OneAsync(new DateTimeDataField("a", DateTimeFormat.Timestamp, isAdjustedToUTC: false, DateTimeTimeUnit.Millis), new DateTime(2026, 7, 1, 10, 0, 0, DateTimeKind.Unspecified), "2026-07-01T10:00:00");
        await OneAsync(new DateTimeDataField("a", DateTimeFormat.Impala), new DateTime(2026, 7, 1, 10, 0, 0, DateTimeKind.Utc), "2026-07-01T10:00:00Z");
    }

    [TestMethod]
    public async Task Bytes_are_binary_and_stay_what_they_are()
    {
        var field = new DataField<byte[]>("a");
        await using (var file = File.Create(_path))
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(field), file);
            using var part = writer.CreateRowGroup();
            await part.WriteAsync(field, new byte[][] { [0, 0xFF], new byte[2000] });
            part.CompleteValidate();
        }

        CollectionAssert.AreEqual(new[] { "a", "1: 00ff", "2: !size:" }, await FileReading.LinesAsync(Request with { LargestCell = 1000 }));
    }

    [TestMethod]
    public async Task Nested_columns_refuse_the_file_by_name()
    {
        await using (var file = File.Create(_path))
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(Number, new StructField("地址", new DataField<string>("街"))), file);
        }

        StringAssert.Contains(await FileReading.RefusedAsync(Request), "'地址.街' is nested");
    }

    [TestMethod]
    public async Task A_file_that_was_cut_off_is_refused()
    {
        await WriteAsync(1, 100);
        var whole = await File.ReadAllBytesAsync(_path);
        await File.WriteAllBytesAsync(_path, whole[..^20]);
        StringAssert.Contains(await FileReading.RefusedAsync(Request), "cut off");
        await File.WriteAllBytesAsync(_path, [.. whole[..^8], 0xFF, 0xFF, 0xFF, 0x7F, .. "PAR1"u8]);
        StringAssert.Contains(await FileReading.RefusedAsync(Request), "footer");
        await File.WriteAllBytesAsync(_path, []);
        StringAssert.Contains(await FileReading.RefusedAsync(Request), "too small");
    }

    /// <summary>Whatever bytes are hit, in the footer or the pages: rows or a refusal, never a crash of the process and never more memory than a bound.</summary>
    [TestMethod]
    public async Task A_damaged_file_is_refused_and_never_more()
    {
        await WriteAsync(2, 300);
        var whole = await File.ReadAllBytesAsync(_path);
        var (random, refused) = (new Random(11), 0);
        for (var times = 0; times < 1500; times++)
        {
            var bytes = whole.ToArray();
            // Half of them in the footer, where counts, sizes and places stand.
            var from = times % 2 == 0 ? 4 : Math.Max(4, bytes.Length - 8 - BitConverter.ToInt32(bytes, bytes.Length - 8));
            for (var hits = random.Next(1, 6); hits > 0; hits--) bytes[random.Next(from, bytes.Length - 8)] = (byte)random.Next(256);
            await File.WriteAllBytesAsync(_path, bytes);
            try
            {
                await FileReading.LinesAsync(Request);
            }
            catch (FileFormException)
            {
                refused++;
            }
        }

        Assert.IsGreaterThan(100, refused);
    }
}
