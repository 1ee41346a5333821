using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

internal sealed partial class PostgreSqlReadSession
{
    /// <summary>Transaction ids in rows have 32 bits and are compared around the circle.</summary>
    const long Circle = 1L << 32;

    public override async Task<TrackPoint> TrackAsync(string from, ColumnShape column, CancellationToken cancel)
    {
        var name = Name(column);
        var finite = Form(column) switch
        {
            PostgreSqlForm.Date or PostgreSqlForm.Wall or PostgreSqlForm.Instant => $" AND isfinite({name})",
            PostgreSqlForm.Single or PostgreSqlForm.Double => $" AND {name} < 'Infinity'",
            PostgreSqlForm.Numeric => $" AND {name} <> 'NaN'",
            _ => "",
        };
        var microseconds = Form(column) is PostgreSqlForm.Date or PostgreSqlForm.Wall or PostgreSqlForm.Instant ? $"(extract(epoch FROM {name}) * 1000000)::int8" : "NULL::int8";
        await using var clock = new NpgsqlCommand("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8", _connection);
        var began = (long)(await clock.ExecuteScalarAsync(cancel))!;
        var (past, bound) = Form(column) switch
        {
            PostgreSqlForm.Instant => ($" AND {name} <= $1::timestamptz", LocalTime.Text(began) + "+00"),
            PostgreSqlForm.Wall or PostgreSqlForm.Date => ($" AND {name} <= $1::timestamp", LocalTime.Text(_local.Wall(began))),
            _ => (" AND $1::text IS NOT NULL", ""),
        };
        // One statement, one snapshot: what is not in the greatest value is in the transactions still open.
        await using var command = new NpgsqlCommand(
            $"""
            SELECT g.text, g.micro, (extract(epoch FROM clock_timestamp()) * 1000000)::int8, txid_snapshot_xmin(txid_current_snapshot()), txid_snapshot_xmax(txid_current_snapshot())
            FROM (SELECT 1) one LEFT JOIN (
                SELECT {name}::text AS text, {microseconds} AS micro FROM {from} WHERE {name} IS NOT NULL{finite}{past} ORDER BY {Order(column, codePoint: false)} DESC LIMIT 1) g ON true
            """, _connection);
        command.Parameters.Add(new NpgsqlParameter { Value = bound });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var now = new DateTimeOffset(Temporal.Instant(reader.GetInt64(2)));
        var micro = await reader.IsDBNullAsync(1, cancel) ? (long?)null : reader.GetInt64(1);
        var greatest = await reader.IsDBNullAsync(0, cancel) ? null : reader.GetString(0);
        var (oldest, completed) = (reader.GetInt64(3), reader.GetInt64(4));
        await reader.DisposeAsync();
        // A snapshot ends after the last id that has completed: a transaction that is open may have a greater one. Only an id taken afterwards is greater than all.
        await using var later = new NpgsqlCommand("SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE txid_current() END", _connection);
        var next = Math.Max(completed, (long)(await later.ExecuteScalarAsync(cancel))!);
        return new TrackPoint(greatest, TrackedInstant.Of(column.Type.Kind, micro, Form(column) == PostgreSqlForm.Instant, _local, now), now, oldest, next);
    }

    public override async Task<string> BoundAsync(SourceQuery query, TrackBound bound, ColumnShape first, List<byte[]> parameters, CancellationToken cancel)
    {
        if (bound.From is not { } from) return "true";
        var value = $"{Name(first)} >= {Parameter(first, parameters.Count, codePoint: false)}";
        var temporal = Form(first) is PostgreSqlForm.Date or PostgreSqlForm.Wall or PostgreSqlForm.Instant;
        parameters.Add(Encoding.UTF8.GetBytes(TrackedInstant.Lowered(first.Type.Kind, from, bound.Lower)));
        if (temporal && bound.Earlier > TimeSpan.Zero)
        {
            value += $" - {Setting(parameters.Count)}::interval";
            parameters.Add(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{bound.Earlier.Ticks / TimeSpan.TicksPerMicrosecond} microseconds")));
        }

        return bound.WrittenSince is { } since && await HasTransactionsAsync(query, cancel) ? $"({value} OR {await WrittenSinceAsync(since, parameters, cancel)})" : $"({value})";
    }

    /// <summary>Whether rows tell who wrote them: views, queries and foreign tables do not, there the bound alone serves.</summary>
    async Task<bool> HasTransactionsAsync(SourceQuery query, CancellationToken cancel) =>
        query.Table is { } table && await PostgreSqlDialect.FindAsync(_connection, table, cancel) is ({ }, "r" or "p" or "m");

    /// <summary>A row's xmin is at or after the given id when it is at most half the circle ahead of it. An id more than half the circle ago tells nothing: all rows are read.</summary>
    async Task<string> WrittenSinceAsync(long since, List<byte[]> parameters, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT txid_snapshot_xmax(txid_current_snapshot())", _connection);
        var next = (long)(await command.ExecuteScalarAsync(cancel))!;
        if (next - since >= Circle / 2) return "true";
        var number = parameters.Count;
        parameters.Add(Encoding.UTF8.GetBytes((since % Circle).ToString(CultureInfo.InvariantCulture)));
        return $"(s.xmin::text::int8 - {Setting(number)}::int8 + {Circle}) % {Circle} < {Circle / 2}";
    }

    byte[] Array(ColumnShape column, Column values)
    {
        var text = new StringBuilder("{");
        for (var row = 0; row < values.Count; row++)
        {
            if (row > 0) text.Append(',');
            if (KeyText(column, values, row) is not { } value) text.Append("NULL");
            else text.Append('"').Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    /// <summary>A key in natural type as text that the column's own type reads.</summary>
    string? KeyText(ColumnShape column, Column values, int row) => values.IsNull(row) ? null : (Form(column), values) switch
    {
        (PostgreSqlForm.Wall, LongColumn longs) => LocalTime.Text(_local.Wall(longs[row])),
        (PostgreSqlForm.Binary, _) => "\\x" + values.TextAt(row),
        _ => values.TextAt(row),
    };
}
