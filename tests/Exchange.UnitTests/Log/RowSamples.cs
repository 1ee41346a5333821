using Exchange.Contracts.Rows;

namespace Exchange.UnitTests.Log;

/// <summary>Rows of every item type.</summary>
internal static class RowSamples
{
    public static readonly (string Name, ItemType Type)[] EveryType =
    [
        ("检查行为编号", ItemType.String(64)), ("t", new(ItemKind.Text)), ("i32", new(ItemKind.Int32)), ("i64", new(ItemKind.Int64)), ("d", ItemType.Decimal(28, 10)),
        ("f", new(ItemKind.Double)), ("b", new(ItemKind.Boolean)), ("day", new(ItemKind.Date)), ("at", new(ItemKind.Timestamp)), ("raw", new(ItemKind.Binary)),
    ];

    /// <summary>Smallest and largest values, empty ones, text beyond the basic plane, and a row of nothing but nulls.</summary>
    public static RowBatch Extremes()
    {
        var rows = RowBatch.Empty(EveryType);
        Append(rows, RowOperation.Upsert, "", "", int.MinValue, long.MinValue, -999999999999999999.9999999999m, double.MinValue, 0, Temporal.SmallestDay, Temporal.SmallestMicrosecond, []);
        Append(rows, RowOperation.Upsert, "行政检查😀", "a\nb\t\"'", int.MaxValue, long.MaxValue, 999999999999999999.9999999999m, double.MaxValue, 1, Temporal.LargestDay, Temporal.LargestMicrosecond, [0, 255]);
        Append(rows, RowOperation.Upsert, "zero", "0", 0, 0, 0m, double.Epsilon, 0, 0, 0, [0]);
        foreach (var column in rows.Columns) column.AppendNull();
        rows.EndRow(RowOperation.Delete);
        Append(rows, RowOperation.Delete, "k", "x", -1, -1, -0.0000000001m, -0.1, 1, -1, -1, [1, 2, 3]);
        return rows;
    }

    public static void Append(RowBatch rows, RowOperation operation, string s, string t, int i32, long i64, decimal d, double f, long b, long day, long at, byte[] raw)
    {
        ((BytesColumn)rows.Columns[0]).Append(s);
        ((BytesColumn)rows.Columns[1]).Append(t);
        ((LongColumn)rows.Columns[2]).Append((long)i32);
        ((LongColumn)rows.Columns[3]).Append(i64);
        ((DecimalColumn)rows.Columns[4]).Append(d);
        ((DoubleColumn)rows.Columns[5]).Append(f);
        ((LongColumn)rows.Columns[6]).Append(b);
        ((LongColumn)rows.Columns[7]).Append(day);
        ((LongColumn)rows.Columns[8]).Append(at);
        ((BytesColumn)rows.Columns[9]).Append(raw);
        rows.EndRow(operation);
    }

    public static void AssertSame(RowBatch expected, RowBatch actual)
    {
        CollectionAssert.AreEqual(expected.Columns.Select(column => (column.Name, column.Type)).ToArray(), actual.Columns.Select(column => (column.Name, column.Type)).ToArray());
        CollectionAssert.AreEqual(expected.Operations.ToArray(), actual.Operations.ToArray());
        for (var at = 0; at < expected.Columns.Count; at++)
            for (var row = 0; row < expected.Count; row++)
            {
                Assert.IsTrue(expected.Columns[at].SameValue(row, actual.Columns[at], row), $"{expected.Columns[at].Name}, row {row}");
                Assert.AreEqual(expected.Columns[at].TextAt(row), actual.Columns[at].TextAt(row));
            }
    }
}
