using System.Buffers;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

internal sealed partial class MySqlReadSession
{
    /// <summary>Keys of one statement: the range optimizer takes them one by one from the index, where a longer list would be made a subquery and a scan.</summary>
    const int KeysAtOnce = 500;

    /// <summary>The same for keys of several columns, which stand as alternatives: the server tries each on every row that it has found.</summary>
    const int CompositeKeysAtOnce = 60;

    public override async Task ReadKeysAsync(Func<string, string, string> rows, string from, IReadOnlyList<ColumnShape> key, RowBatch keys, PageBuilder page, CancellationToken cancel)
    {
        var atOnce = key.Count == 1 ? KeysAtOnce : CompositeKeysAtOnce;
        for (var start = 0; start < keys.Count && !page.Stopped; start += atOnce)
        {
            await using var command = new MySqlCommand { Connection = _connection };
            var alternatives = new List<string>();
            for (var row = start; row < Math.Min(start + atOnce, keys.Count); row++)
            {
                // One column's keys stand in a list, which the optimizer takes one by one.
                if (key.Count > 1 && KeyCondition(command, key, keys, row, row - start) is { } condition) alternatives.Add(condition);
                else if (key.Count == 1 && !keys.Columns[0].IsNull(row)) alternatives.Add(KeyParameter(command, key[0], keys.Columns[0], row, row - start, 0));
            }

            if (alternatives.Count == 0) continue;
            command.CommandText = rows(from, key.Count == 1 ? $"{Name(key[0])} IN ({string.Join(", ", alternatives)})" : $"({string.Join(" OR ", alternatives.Select(one => $"({one})"))})");
            await RunAsync(command, page, cancel);
        }
    }

    string KeyParameter(MySqlCommand command, ColumnShape column, Column values, int row, int number, int at)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"@k{number}_{at}");
        command.Parameters.AddWithValue(name, KeyValue(column, values, row));
        return Form(column) is MySqlForm.WideDecimal ? $"CAST({name} AS {column.Native})" : name;
    }

    public override async Task<TrackPoint> TrackAsync(string from, ColumnShape column, CancellationToken cancel)
    {
        var page = new PageBuilder([column with { Item = "greatest" }], 1, new SourceQuery { Columns = [], Key = [], KeyIsUnique = true }, 1, long.MaxValue, _local);
        await using var clock = new MySqlCommand("SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)", _connection);
        var now = DateTimeOffset.Parse((string)(await clock.ExecuteScalarAsync(cancel))!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        List<byte[]> parameters = Form(column) switch
        {
            MySqlForm.Instant => [Encoding.UTF8.GetBytes(LocalTime.Text(Temporal.Microseconds(now)))],
            MySqlForm.Wall or MySqlForm.Date => [Encoding.UTF8.GetBytes(LocalTime.Text(_local.Wall(Temporal.Microseconds(now))))],
            _ => [],
        };
        var past = parameters.Count == 0 ? "" : $" AND {Name(column)} <= CAST({Parameter(column, 0, codePoint: false)} AS DATETIME(6))";
        await ReadAsync($"SELECT {OrderText(column)}, {Value(column)} FROM {from} WHERE {Name(column)} IS NOT NULL{past} ORDER BY {Order(column, codePoint: false)} DESC LIMIT 1", parameters, page, cancel);
        if (page.Rows.Count == 0) return new TrackPoint(null, null, now, null, null);

        var greatest = Encoding.UTF8.GetString(page.Kept(0)!.Value.Span);
        var micro = page.Rows.Columns[0] switch
        {
            LongColumn days when column.Type.Kind == ItemKind.Date && !days.IsNull(0) => days[0] * Temporal.DayMicroseconds,
            LongColumn instants when column.Type.Kind == ItemKind.Timestamp && !instants.IsNull(0) => instants[0],
            _ => (long?)null,
        };
        return new TrackPoint(greatest, TrackedInstant.Of(column.Type.Kind, micro, utc: column.Type.Kind == ItemKind.Timestamp, _local, now), now, null, null);
    }

    public override Task<string> BoundAsync(SourceQuery query, TrackBound bound, ColumnShape first, List<byte[]> parameters, CancellationToken cancel)
    {
        if (bound.From is not { } from) return Task.FromResult("1 = 1");
        var value = Parameter(first, parameters.Count, codePoint: false);
        parameters.Add(Encoding.UTF8.GetBytes(TrackedInstant.Lowered(first.Type.Kind, from, bound.Lower)));
        if (bound.Earlier > TimeSpan.Zero && Form(first) is MySqlForm.Date or MySqlForm.Wall or MySqlForm.Instant)
            value = $"CAST({value} AS DATETIME(6)) - INTERVAL {(bound.Earlier.Ticks / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture)} MICROSECOND";
        return Task.FromResult($"{Name(first)} >= {value}");
    }

    object KeyValue(ColumnShape column, Column values, int row) => (Form(column), values) switch
    {
        (MySqlForm.Whole or MySqlForm.Flag or MySqlForm.Bits, LongColumn longs) => longs[row],
        (MySqlForm.Unsigned or MySqlForm.Decimal or MySqlForm.Bits, DecimalColumn decimals) => decimals[row],
        (MySqlForm.Double, DoubleColumn doubles) => doubles[row],
        (MySqlForm.Single, DoubleColumn doubles) => (double)(float)doubles[row],
        (MySqlForm.Wall, LongColumn longs) => LocalTime.Text(_local.Wall(longs[row])),
        (MySqlForm.Instant, LongColumn longs) => LocalTime.Text(longs[row]),
        (MySqlForm.Binary, BytesColumn bytes) => bytes[row].ToArray(),
        _ => values.TextAt(row)!,
    };

    static async Task RunAsync(MySqlCommand command, PageBuilder page, CancellationToken cancel)
    {
        command.Parameters.AddWithValue("@cell", page.LargestCell);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            while (await reader.ReadAsync(cancel))
            {
                var field = 0;
                for (var at = 0; at < page.OrderColumns; at++, field++)
                {
                    if (reader.IsDBNull(field)) page.OrderNull(at);
                    else page.Order(at, Bytes(reader, field, ref buffer));
                }

                if (!page.Begin() && !await page.TurnAsync(cancel))
                {
                    command.Cancel(); // what is left of the result is not wanted, and may be large
                    break;
                }

                for (var at = 0; at < page.Shapes.Count; at++) Read(reader, page, at, ref field, ref buffer);
                page.Copies?.Add((int)Math.Min(reader.GetInt64(field++), int.MaxValue));
                page.Ties?.Add((int)Math.Min(reader.GetInt64(field++), int.MaxValue));
                page.End();
            }
        }
        catch (MySqlException exception) when (page.Stopped && exception.ErrorCode == MySqlErrorCode.QueryInterrupted)
        {
            // It was cancelled on purpose.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    static void Read(MySqlDataReader reader, PageBuilder page, int column, ref int field, ref byte[] buffer)
    {
        var shape = page.Shapes[column];
        var at = field++;
        if (IsLarge(shape) && !reader.IsDBNull(field++))
        {
            page.TooLarge(column, reader.GetInt64(field - 1), Bytes(reader, at, ref buffer));
            return;
        }

        if (reader.IsDBNull(at))
        {
            page.Null(column);
            return;
        }

        switch (Form(shape))
        {
            case MySqlForm.Whole:
                page.Number(column, reader.GetInt64(at));
                break;
            case MySqlForm.Flag:
                page.Flag(column, reader.GetInt64(at));
                break;
            case MySqlForm.Bits when shape.Type.Kind != ItemKind.Decimal:
                page.Number(column, (long)reader.GetUInt64(at));
                break;
            case MySqlForm.Unsigned or MySqlForm.Bits:
                page.Decimal(column, reader.GetUInt64(at));
                break;
            case MySqlForm.Decimal:
                page.Decimal(column, reader.GetDecimal(at));
                break;
            case MySqlForm.Double:
                page.Real(column, reader.GetDouble(at));
                break;
            case MySqlForm.Single:
                page.Real(column, (float)reader.GetDouble(at));
                break;
            case MySqlForm.Date or MySqlForm.Wall or MySqlForm.Instant:
                Time(page, column, Form(shape), reader.GetMySqlDateTime(at));
                break;
            case MySqlForm.Binary:
                page.Binary(column, Bytes(reader, at, ref buffer));
                break;
            default:
                page.Text(column, Bytes(reader, at, ref buffer));
                break;
        }
    }

    static void Time(PageBuilder page, int column, MySqlForm form, MySqlDateTime value)
    {
        if (!value.IsValidDateTime)
        {
            page.Fault(column, "zero-date", string.Create(CultureInfo.InvariantCulture, $"{value.Year:D4}-{value.Month:D2}-{value.Day:D2} {value.Hour:D2}:{value.Minute:D2}:{value.Second:D2}"), "There is no such date.");
            return;
        }

        var ticks = value.GetDateTime().Ticks - DateTime.UnixEpoch.Ticks;
        if (form == MySqlForm.Date) page.Date(column, ticks / TimeSpan.TicksPerDay);
        else if (form == MySqlForm.Wall) page.Wall(column, ticks / TimeSpan.TicksPerMicrosecond);
        else page.Instant(column, ticks / TimeSpan.TicksPerMicrosecond);
    }

    static ReadOnlySpan<byte> Bytes(MySqlDataReader reader, int field, ref byte[] buffer)
    {
        var length = (int)reader.GetBytes(field, 0, null, 0, 0);
        if (length > buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = ArrayPool<byte>.Shared.Rent(length);
        }

        if (length > 0) reader.GetBytes(field, 0, buffer, 0, length);
        return buffer.AsSpan(0, length);
    }
}
