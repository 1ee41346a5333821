using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using SQLitePCL;

namespace Exchange.Adapters.Database.Sqlite;

internal sealed partial class SqliteReadSession
{
    const string KeyTable = "temp.exchange_keys";

    /// <summary>
    /// Keys go into a temporary table whose columns have the source's affinity, so that both sides compare as they are. A key that SQLite may hold in several spellings
    /// (a timestamp with T or a blank, a decimal as text or number) stands there in each of them.
    /// </summary>
    public override Task ReadKeysAsync(Func<string, string, string> rows, string from, IReadOnlyList<ColumnShape> key, RowBatch keys, PageBuilder page, CancellationToken cancel)
    {
        Run($"DROP TABLE IF EXISTS {KeyTable}");
        Run($"CREATE TEMP TABLE exchange_keys ({string.Join(", ", key.Select((column, at) => $"k{at} {Affinity(column.Native)}"))}, PRIMARY KEY ({string.Join(", ", key.Select((_, at) => $"k{at}"))}))");
        using (var insert = Prepare($"INSERT OR IGNORE INTO {KeyTable} VALUES ({string.Join(", ", key.Select((_, at) => $"?{at + 1}"))})"))
            for (var row = 0; row < keys.Count; row++)
            {
                cancel.ThrowIfCancellationRequested();
                var spellings = key.Select((column, at) => keys.Columns[at].IsNull(row) ? [] : Spellings(column, keys.Columns[at], row).ToArray()).ToArray();
                Insert(insert, spellings, 0);
            }

        // The cross join makes SQLite take the keys one by one and look each up; grouped rows must be counted once each, so there the source is searched for keys.
        var joined = page.Copies is null
            ? rows($"{KeyTable} k CROSS JOIN {from}", string.Join(" AND ", key.Select((column, at) => $"{Name(column)} = k.k{at}")))
            : rows(from, $"EXISTS (SELECT 1 FROM {KeyTable} k WHERE {string.Join(" AND ", key.Select((column, at) => $"k.k{at} = {Name(column)}"))})");
        return ReadAsync(joined, [], page, cancel);
    }

    public override async Task<TrackPoint> TrackAsync(string from, ColumnShape column, CancellationToken cancel)
    {
        var now = Now();
        var page = new PageBuilder([column with { Item = "greatest" }], 1, new SourceQuery { Columns = [], Key = [], KeyIsUnique = true }, 1, long.MaxValue, _local);
        // Texts sort above numbers, so a value of the wrong class would stand for the greatest for ever.
        var fit = column.Type.Kind switch
        {
            ItemKind.Date or ItemKind.Timestamp => $"{Name(column)} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND replace({Name(column)}, ' ', 'T') <= ?1",
            ItemKind.Int32 or ItemKind.Int64 or ItemKind.Double => $"typeof({Name(column)}) IN ('integer', 'real')",
            _ => $"{Name(column)} IS NOT NULL",
        };
        // Texts say their zone or do not; what both readings put into the past is past.
        var micros = Temporal.Microseconds(now);
        var wall = LocalTime.Text(Math.Max(micros, _local.Wall(micros))).Replace(' ', 'T');
        List<byte[]> parameters = column.Type.Kind is ItemKind.Date or ItemKind.Timestamp ? [SqliteValues.Tagged(wall)] : [];
        await ReadAsync($"SELECT {Name(column)}, {Name(column)} FROM {from} WHERE {fit} ORDER BY {Name(column)} DESC LIMIT 1", parameters, page, cancel);
        if (page.Rows.Count == 0) return new TrackPoint(null, null, now, null, null);
        var tagged = page.Kept(0)!.Value;
        var micro = page.Rows.Columns[0] switch
        {
            LongColumn days when column.Type.Kind == ItemKind.Date && !days.IsNull(0) => days[0] * Temporal.DayMicroseconds,
            LongColumn instants when column.Type.Kind == ItemKind.Timestamp && !instants.IsNull(0) => instants[0],
            _ => (long?)null,
        };
        return new TrackPoint(Greatest(tagged.Span), TrackedInstant.Of(column.Type.Kind, micro, utc: column.Type.Kind == ItemKind.Timestamp, _local, now), now, null, null);
    }

    public override Task<string> BoundAsync(SourceQuery query, TrackBound bound, ColumnShape first, List<byte[]> parameters, CancellationToken cancel)
    {
        if (bound.From is not { } from) return Task.FromResult("1 = 1");
        var text = TrackedInstant.Lowered(first.Type.Kind, from, bound.Lower);
        if (bound.Earlier > TimeSpan.Zero && first.Type.Kind is ItemKind.Date or ItemKind.Timestamp) text = Earlier(text, bound.Earlier);
        parameters.Add((first.Type.Kind, long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number), double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)) switch
        {
            (ItemKind.Int32 or ItemKind.Int64, true, _) => SqliteValues.Tagged(number),
            (ItemKind.Double or ItemKind.Int32 or ItemKind.Int64, _, true) => SqliteValues.Tagged(real),
            _ => SqliteValues.Tagged(text),
        });
        return Task.FromResult($"{Name(first)} >= ?{parameters.Count}");
    }

    static string Greatest(ReadOnlySpan<byte> tagged) => tagged[0] switch
    {
        raw.SQLITE_INTEGER => System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(tagged[1..]).ToString(CultureInfo.InvariantCulture),
        raw.SQLITE_FLOAT => System.Buffers.Binary.BinaryPrimitives.ReadDoubleBigEndian(tagged[1..]).ToString("R", CultureInfo.InvariantCulture),
        _ => Encoding.UTF8.GetString(tagged[1..]),
    };

    /// <summary>The time moved back in the spelling that it has, since texts compare as texts; what stands after the seconds is kept.</summary>
    static string Earlier(string text, TimeSpan by)
    {
        const string Format = "yyyy-MM-dd HH:mm:ss";
        var date = text.Length == 10;
        var separator = date ? ' ' : text[10];
        var whole = date ? text + " 00:00:00" : text.Length >= Format.Length ? text[..Format.Length] : text + ":00";
        if (!DateTime.TryParseExact(whole.Replace(separator, ' '), Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)) return text;
        // Up to a whole second more, so that the fraction need not be touched.
        var back = TimeSpan.FromSeconds(Math.Ceiling(by.TotalSeconds));
        var moved = at - DateTime.MinValue > back ? at - back : DateTime.MinValue;
        if (date) return moved.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return moved.ToString(Format, CultureInfo.InvariantCulture).Replace(' ', separator) + (text.Length > Format.Length ? text[Format.Length..] : "");
    }

    IEnumerable<byte[]> Spellings(ColumnShape column, Column values, int row) => (column.Type.Kind, values) switch
    {
        (ItemKind.Binary, BytesColumn bytes) => [SqliteValues.Tagged(bytes[row])],
        (ItemKind.Double, DoubleColumn doubles) => [SqliteValues.Tagged(doubles[row])],
        (ItemKind.Int32 or ItemKind.Int64, LongColumn longs) => [SqliteValues.Tagged(longs[row]), SqliteValues.Tagged(longs.TextAt(row)!)],
        (ItemKind.Boolean, LongColumn longs) => [SqliteValues.Tagged(longs[row]), SqliteValues.Tagged(longs.TextAt(row)!)],
        (ItemKind.Date, LongColumn longs) => [SqliteValues.Tagged(longs.TextAt(row)!), SqliteValues.Tagged(longs.TextAt(row) + " 00:00:00"), SqliteValues.Tagged(longs.TextAt(row) + "T00:00:00")],
        (ItemKind.Timestamp, LongColumn longs) => Times(longs[row]).Select(SqliteValues.Tagged),
        (ItemKind.Decimal, DecimalColumn decimals) => Decimals(decimals, row, column.Type.Scale),
        _ => Texts(values.TextAt(row)!),
    };

    /// <summary>A column without a declared type may hold the number that its text says.</summary>
    static IEnumerable<byte[]> Texts(string text)
    {
        yield return SqliteValues.Tagged(text);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == text) yield return SqliteValues.Tagged(number);
        else if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && real.ToString("R", CultureInfo.InvariantCulture) == text) yield return SqliteValues.Tagged(real);
    }

    static IEnumerable<byte[]> Decimals(DecimalColumn decimals, int row, int scale)
    {
        var text = decimals.TextAt(row)!;
        yield return SqliteValues.Tagged(text);
        yield return SqliteValues.Tagged(decimals[row].ToString("F" + scale.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        yield return SqliteValues.Tagged((double)decimals[row]);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) yield return SqliteValues.Tagged(whole);
    }

    IEnumerable<string> Times(long instant)
    {
        foreach (var (at, zones) in new[] { (instant, new[] { "Z", "+00:00" }), (_local.Wall(instant), new[] { "" }) })
            foreach (var format in Fractions(at))
                foreach (var separator in "T ")
                    foreach (var zone in zones)
                        yield return Temporal.Instant(at).ToString($"yyyy-MM-dd'{separator}'HH:mm:ss{format}", CultureInfo.InvariantCulture) + zone;
    }

    static IEnumerable<string> Fractions(long at)
    {
        if (at % 1_000_000 == 0) yield return "";
        if (at % 1_000 == 0) yield return ".fff";
        yield return ".ffffff";
        yield return ".fffffff";
    }

    void Insert(sqlite3_stmt insert, byte[][][] spellings, int column)
    {
        if (column == spellings.Length)
        {
            Step(insert);
            raw.sqlite3_reset(insert);
            return;
        }

        foreach (var spelling in spellings[column])
        {
            SqliteValues.Bind(insert, column + 1, spelling);
            Insert(insert, spellings, column + 1);
        }
    }

    DateTimeOffset Now()
    {
        using var statement = Prepare("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)");
        Step(statement);
        return DateTimeOffset.FromUnixTimeMilliseconds(raw.sqlite3_column_int64(statement, 0));
    }

    /// <summary>SQLite's rules (datatype3.html §3.1); a column without a declared type converts nothing.</summary>
    static string Affinity(string declared)
    {
        var name = declared.ToUpperInvariant();
        if (name.Contains("INT", StringComparison.Ordinal)) return "INTEGER";
        if (name.Contains("CHAR", StringComparison.Ordinal) || name.Contains("CLOB", StringComparison.Ordinal) || name.Contains("TEXT", StringComparison.Ordinal)) return "TEXT";
        if (name.Length == 0 || name.Contains("BLOB", StringComparison.Ordinal)) return "BLOB";
        return name.Contains("REAL", StringComparison.Ordinal) || name.Contains("FLOA", StringComparison.Ordinal) || name.Contains("DOUB", StringComparison.Ordinal) ? "REAL" : "NUMERIC";
    }
}
