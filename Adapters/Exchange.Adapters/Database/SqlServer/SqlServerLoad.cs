using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Rows;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>
/// Sends rows by the driver's bulk copy, within the session's transaction. NULL stays NULL whatever a column's default; constraints are checked and triggers fire, which a bulk load
/// passes by if it is not told.
/// </summary>
internal static class SqlServerLoad
{
    /// <param name="session">Within its transaction.</param>
    /// <param name="table">In the engine's quotes.</param>
    /// <param name="columns">Its columns, unquoted: the rows' own, then those that hold the same in every row.</param>
    /// <param name="rows">What is sent.</param>
    /// <param name="zones">For each column the zone whose local time it keeps, or null.</param>
    /// <param name="constants">Values of the further columns.</param>
    /// <param name="temporary">Whether nobody else can see the table.</param>
    /// <param name="cancel">Stops; the statement is undone.</param>
    public static async Task SendAsync(
        SqlServerSession session, string table, IReadOnlyList<string> columns, RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, IReadOnlyList<object> constants, bool temporary, CancellationToken cancel)
    {
        var options = SqlBulkCopyOptions.KeepNulls | (temporary ? SqlBulkCopyOptions.TableLock : SqlBulkCopyOptions.CheckConstraints | SqlBulkCopyOptions.FireTriggers);
        using var copy = new SqlBulkCopy(session.Inner, options, session.Transaction) { DestinationTableName = table, BulkCopyTimeout = TargetEngine.StatementSeconds };
        // The driver takes one pair of brackets off a name and none of those inside.
        for (var at = 0; at < columns.Count; at++) copy.ColumnMappings.Add(at, $"[{columns[at]}]");
        await using var reader = new SelectionReader(rows, zones, constants, cancel);
        await copy.WriteToServerAsync(reader, cancel);
    }

    /// <summary>The value of a row as the driver takes it.</summary>
    public static object Value(Column column, int row, TimeZoneInfo? zone) => column.IsNull(row) ? DBNull.Value : column switch
    {
        BytesColumn { Type.Kind: ItemKind.Binary } bytes => bytes[row].ToArray(),
        BytesColumn text => text.StringAt(row),
        DecimalColumn number => number[row],
        DoubleColumn number => number[row],
        LongColumn number => number.Type.Kind switch
        {
            ItemKind.Boolean => number[row] != 0,
            ItemKind.Int32 => (int)number[row],
            ItemKind.Date => Temporal.Date(number[row]).ToDateTime(TimeOnly.MinValue),
            ItemKind.Timestamp => LocalTime.From(number[row], zone),
            _ => number[row],
        },
        _ => throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A column of {column.Type} has no parameter."), nameof(column)),
    };

    /// <summary>The selection as the bulk copy reads it: forward, value by value.</summary>
    sealed class SelectionReader(RowSelection rows, IReadOnlyList<TimeZoneInfo?> zones, IReadOnlyList<object> constants, CancellationToken cancel) : DbDataReader
    {
        int _at = -1;

        public override int FieldCount => rows.Ordinals.Count + constants.Count;

        public override bool HasRows => rows.Rows.Count > 0;

        public override bool IsClosed => false;

        public override int RecordsAffected => -1;

        public override int Depth => 0;

        public override object this[int ordinal] => GetValue(ordinal);

        public override object this[string name] => throw new NotSupportedException();

        public override bool Read()
        {
            cancel.ThrowIfCancellationRequested();
            return ++_at < rows.Rows.Count;
        }

        public override Task<bool> ReadAsync(CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested ? Task.FromCanceled<bool>(cancellationToken) : Task.FromResult(Read());

        public override object GetValue(int ordinal) => ordinal < rows.Ordinals.Count ? Value(rows.Batch.Columns[rows.Ordinals[ordinal]], rows.Rows[_at], zones[ordinal]) : constants[ordinal - rows.Ordinals.Count];

        public override bool IsDBNull(int ordinal) => GetValue(ordinal) is DBNull;

        public override Type GetFieldType(int ordinal) => ordinal < rows.Ordinals.Count
            ? rows.Batch.Columns[rows.Ordinals[ordinal]].Type.Kind switch
            {
                ItemKind.String or ItemKind.Text => typeof(string),
                ItemKind.Binary => typeof(byte[]),
                ItemKind.Decimal => typeof(decimal),
                ItemKind.Double => typeof(double),
                ItemKind.Boolean => typeof(bool),
                ItemKind.Int32 => typeof(int),
                ItemKind.Int64 => typeof(long),
                _ => typeof(DateTime),
            }
            : constants[ordinal - rows.Ordinals.Count].GetType();

        public override string GetName(int ordinal) => string.Create(CultureInfo.InvariantCulture, $"c{ordinal}");

        public override int GetOrdinal(string name) => int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture);

        public override string GetDataTypeName(int ordinal) => GetFieldType(ordinal).Name;

        public override int GetValues(object[] values)
        {
            for (var at = 0; at < Math.Min(values.Length, FieldCount); at++) values[at] = GetValue(at);
            return Math.Min(values.Length, FieldCount);
        }

        public override bool NextResult() => false;

        public override System.Collections.IEnumerator GetEnumerator() => throw new NotSupportedException();

        public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);

        public override byte GetByte(int ordinal) => throw new NotSupportedException();

        public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

        public override char GetChar(int ordinal) => throw new NotSupportedException();

        public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

        public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

        public override decimal GetDecimal(int ordinal) => (decimal)GetValue(ordinal);

        public override double GetDouble(int ordinal) => (double)GetValue(ordinal);

        public override float GetFloat(int ordinal) => throw new NotSupportedException();

        public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

        public override short GetInt16(int ordinal) => throw new NotSupportedException();

        public override int GetInt32(int ordinal) => (int)GetValue(ordinal);

        public override long GetInt64(int ordinal) => (long)GetValue(ordinal);

        public override string GetString(int ordinal) => (string)GetValue(ordinal);
    }
}
