using System.Data;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

internal sealed partial class SqlServerReadSession
{
    /// <summary>Parameters of one statement; the server takes 2,100, two of them for the statement itself.</summary>
    const int LargestParameters = 2_000;

    /// <summary>Keys of one statement. The last list of a read is filled up to one of these by its last key, so that the server keeps few plans.</summary>
    static readonly int[] KeyCounts = [1, 8, 64, 512, 2_000];

    /// <summary>A snapshot is not to be had for what the statement reads: another database that allows none, a memory-optimized table.</summary>
    static readonly HashSet<int> NoSnapshot = [3952, 41332, 41368];

    public override async Task ReadAsync(string sql, IReadOnlyList<byte[]> parameters, PageBuilder page, CancellationToken cancel) =>
        await RunAsync(() =>
        {
            var command = new SqlCommand(sql, _connection);
            for (var at = 0; at < parameters.Count; at++)
                command.Parameters.Add(SqlServerValues.Parameter(string.Create(CultureInfo.InvariantCulture, $"@p{at}"), _parameters[at].Column, _parameters[at].CodePoint, parameters[at]));
            return command;
        }, page, cancel);

    public override async Task ReadKeysAsync(Func<string, string, string> rows, string from, IReadOnlyList<ColumnShape> key, RowBatch keys, PageBuilder page, CancellationToken cancel)
    {
        var sets = new List<SqlParameter[]>(keys.Count);
        for (var row = 0; row < keys.Count; row++)
            if (Key(key, keys, row) is { } parameters) sets.Add(parameters);
        var names = string.Join(", ", key.Select((_, at) => string.Create(CultureInfo.InvariantCulture, $"k{at}")));
        var same = string.Join(" AND ", key.Select((column, at) => Same(column, string.Create(CultureInfo.InvariantCulture, $"k.k{at}"))));
        foreach (var chunk in sets.Chunk(LargestParameters / key.Count))
        {
            if (page.Stopped) break;
            var count = KeyCounts.FirstOrDefault(count => count >= chunk.Length && count * key.Count <= LargestParameters, chunk.Length);
            await RunAsync(() =>
            {
                var command = new SqlCommand { Connection = _connection };
                var tuples = new List<string>(count);
                for (var at = 0; at < count; at++) tuples.Add($"({string.Join(", ", chunk[Math.Min(at, chunk.Length - 1)].Select(parameter => Add(command, parameter)))})");
                command.CommandText = rows(from, $"EXISTS (SELECT 1 FROM (VALUES {string.Join(", ", tuples)}) AS k ({names}) WHERE {same})");
                return command;
            }, page, cancel);
        }
    }

    public override async Task<TrackPoint> TrackAsync(string from, ColumnShape column, CancellationToken cancel)
    {
        var (now, active) = await ClockAsync(cancel);
        // Every number below the lowest one that an open transaction holds is final, whatever stands in the table.
        if (Form(column) == SqlServerForm.RowVersion) return new TrackPoint((active - 1).ToString(CultureInfo.InvariantCulture), null, now, null, null);

        var page = new PageBuilder([column with { Item = "greatest" }], 1, new SourceQuery { Columns = [], Key = [], KeyIsUnique = true }, 1, long.MaxValue, _local);
        List<byte[]> parameters = [];
        var past = "";
        if (SqlServerValues.IsTemporal(Form(column)))
        {
            past = $" AND {Name(column)} <= {Parameter(column, 0, codePoint: false)}";
            var micro = Temporal.Microseconds(now);
            parameters.Add(Exact(column, Temporal.Instant(Form(column) == SqlServerForm.Instant ? micro : _local.Wall(micro))));
        }

        await ReadAsync($"SELECT {OrderText(column)}, {Value(column)} FROM {from} WHERE {Name(column)} IS NOT NULL{past} ORDER BY {Order(column, codePoint: false)} DESC {_dialect.Limit(1)}", parameters, page, cancel);
        if (page.Rows.Count == 0) return new TrackPoint(null, null, now, null, null);

        var greatest = SqlServerValues.Shown(Form(column), page.Kept(0)!.Value.Span);
        var instant = page.Rows.Columns[0] switch
        {
            LongColumn days when column.Type.Kind == ItemKind.Date && !days.IsNull(0) => days[0] * Temporal.DayMicroseconds,
            LongColumn instants when column.Type.Kind == ItemKind.Timestamp && !instants.IsNull(0) => instants[0],
            _ => (long?)null,
        };
        return new TrackPoint(greatest, TrackedInstant.Of(column.Type.Kind, instant, utc: column.Type.Kind == ItemKind.Timestamp, _local, now), now, null, null);
    }

    public override Task<string> BoundAsync(SourceQuery query, TrackBound bound, ColumnShape first, List<byte[]> parameters, CancellationToken cancel)
    {
        if (bound.From is not { } from) return Task.FromResult("1 = 1");
        var form = Form(first);
        var value = Parameter(first, parameters.Count, codePoint: false);
        if (SqlServerValues.IsTemporal(form))
        {
            var at = DateTime.Parse(from, CultureInfo.InvariantCulture, DateTimeStyles.None);
            parameters.Add(Exact(first, at.Ticks > bound.Earlier.Ticks ? at - bound.Earlier : DateTime.MinValue));
        }
        else
        {
            var lowered = TrackedInstant.Lowered(first.Type.Kind, from, bound.Lower);
            parameters.Add(SqlServerValues.Exact(form, first.Type.Kind is ItemKind.Int32 or ItemKind.Int64 && long.TryParse(lowered, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? SqlServerValues.Clamped(form, number).ToString(CultureInfo.InvariantCulture)
                : lowered));
        }

        return Task.FromResult($"{Order(first, codePoint: false)} >= {value}");
    }

    static byte[] Exact(ColumnShape column, DateTime value) => Encoding.ASCII.GetBytes(SqlServerValues.Text(SqlServerValues.Clamped(Form(column), value)));

    /// <summary>The server's clock, and the lowest rowversion of a transaction that is open.</summary>
    async Task<(DateTimeOffset Now, long Active)> ClockAsync(CancellationToken cancel)
    {
        await using var command = new SqlCommand("SELECT SYSUTCDATETIME(), CONVERT(bigint, MIN_ACTIVE_ROWVERSION())", _connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return (new DateTimeOffset(DateTime.SpecifyKind(reader.GetDateTime(0), DateTimeKind.Utc)), reader.GetInt64(1));
    }

    /// <summary>Null when a part is null, or no value of its column: then no row is the key's.</summary>
    SqlParameter[]? Key(IReadOnlyList<ColumnShape> key, RowBatch keys, int row)
    {
        var parameters = new SqlParameter[key.Count];
        for (var at = 0; at < key.Count; at++)
        {
            if (keys.Columns[at].IsNull(row) || SqlServerValues.KeyParameter("@k", key[at], keys.Columns[at], row, _local) is not { } parameter) return null;
            parameters[at] = parameter;
        }

        return parameters;
    }

    /// <summary>A copy, since the last key of a list may stand in it several times.</summary>
    static string Add(SqlCommand command, SqlParameter parameter)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"@k{command.Parameters.Count}");
        var copy = (SqlParameter)((ICloneable)parameter).Clone();
        copy.ParameterName = name;
        command.Parameters.Add(copy);
        return name;
    }

    /// <summary>A key's instant has microseconds; columns that keep a tenth of one hold it where they begin with it.</summary>
    string Same(ColumnShape column, string value) => Form(column) is SqlServerForm.DateTime2 or SqlServerForm.Instant && new SqlServerNative(column.Native).Spelling.EndsWith("(7)", StringComparison.Ordinal)
        ? $"{Name(column)} BETWEEN {value} AND DATEADD(NANOSECOND, 900, {value})"
        : $"{Order(column, codePoint: false)} = {OfColumn(column, value, codePoint: false)}";

    /// <summary>Where no snapshot is to be had after all, the statement is run once more without one: nothing of it was read yet.</summary>
    async Task RunAsync(Func<SqlCommand> make, PageBuilder page, CancellationToken cancel)
    {
        try
        {
            await RunOnceAsync(make, page, cancel);
        }
        catch (SqlException exception) when (_snapshot && NoSnapshot.Contains(exception.Number) && page.Total == 0)
        {
            await using (var leave = new SqlCommand(Leave, _connection)) await leave.ExecuteNonQueryAsync(cancel);
            _snapshot = false;
            await RunOnceAsync(make, page, cancel);
        }
    }

    static async Task RunOnceAsync(Func<SqlCommand> make, PageBuilder page, CancellationToken cancel)
    {
        await using var command = make();
        command.Parameters.Add(new SqlParameter("@cell", SqlDbType.BigInt) { Value = (long)page.LargestCell });
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancel);
        using var row = new SqlServerRow(reader, page.OrderColumns);
        // Fields are taken without a token of their own: a wait inside a row ends with the command.
        await using var stop = cancel.Register(static running => ((SqlCommand)running!).Cancel(), command);
        try
        {
            while (await RowAsync(reader, row, page, cancel)) { }
            if (page.Stopped) command.Cancel(); // what is left of the result is not wanted, and may be large
        }
        catch (SqlException exception) when (page.Stopped && SqlServerDialect.IsStopped(exception))
        {
            // It was stopped on purpose.
        }
    }

    static async ValueTask<bool> RowAsync(SqlDataReader reader, SqlServerRow row, PageBuilder page, CancellationToken cancel)
    {
        if (!await reader.ReadAsync(cancel)) return false;
        row.Begin();
        for (var at = 0; at < page.OrderColumns; at++) row.Order(page, at);
        if (!page.Begin() && !await page.TurnAsync(cancel)) return false;
        for (var at = 0; at < page.Shapes.Count; at++) row.Value(page, at, Form(page.Shapes[at]), IsLarge(page.Shapes[at]));
        if (page.Copies is not null) page.Copies.Add(row.Count());
        if (page.Ties is not null) page.Ties.Add(row.Count());
        page.End();
        return true;
    }
}
