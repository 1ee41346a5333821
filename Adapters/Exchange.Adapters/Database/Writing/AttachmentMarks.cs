using System.Data.Common;
using System.Globalization;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Statements on the tables of attachments at a target, within whatever session and transaction a caller has.</summary>
internal sealed class AttachmentMarks(TargetEngine engine, TableName beside)
{
    const int AtOnce = 200;

    static readonly ItemType Number = new(ItemKind.Int64);
    static readonly string[] ColumnKey = ["subscription", "table_name", "column_name"];
    static readonly string[] MarkKey = ["reference"];

    /// <summary>Which columns may hold references.</summary>
    public static TargetTable Columns(TableName beside) => new()
    {
        Subscription = "",
        Table = beside with { Name = "exchange_attachment_column" },
        Key = ColumnKey,
        Title = "Columns of this schema that may hold references of attachments: contents that none of them holds are removed",
        Columns =
        [
            new("subscription", ItemType.String(200), true, "Whose deliveries write it; empty: entered by the department itself"),
            new("table_name", ItemType.String(128), true, "Table"),
            new("column_name", ItemType.String(128), true, "Column"),
        ],
    };

    /// <summary>Marks.</summary>
    public static TargetTable Unused(TableName beside) => new()
    {
        Subscription = "",
        Table = beside with { Name = "exchange_attachment_unused" },
        Key = MarkKey,
        Title = "Contents of attachments that no row was seen to refer to",
        Columns =
        [
            new("reference", ItemType.String(AttachmentReference.LongestText), true, "sha256:DIGEST/BYTES, as rows hold it"),
            new("marked_at", Number, true, "Since when, in microseconds since 1970 (UTC)"),
        ],
    };

    string Contents => engine.Dialect.Quote(AttachmentTableWriter.Shape(beside).Table);

    string Marks => engine.Dialect.Quote(Unused(beside).Table);

    /// <summary>Which of those references stand whole.</summary>
    /// <param name="session">The session.</param>
    /// <param name="references">The references.</param>
    /// <param name="current">Whether what has been committed since the transaction began counts, on engines where it does not by itself.</param>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlySet<string>> StandingAsync(DbConnection session, IReadOnlyCollection<string> references, bool current, CancellationToken cancel)
    {
        var whole = new HashSet<string>(StringComparer.Ordinal);
        foreach (var asked in references.Chunk(AtOnce))
        {
            await using var command = session.Command("");
            command.CommandText = $"SELECT {Q("reference")} FROM {Contents} WHERE {Q("part")} = 0 AND {Q("reference")} IN ({Bind(command, asked)}){(current ? engine.CurrentRead : "")}";
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel)) whole.Add(reader.GetString(0));
        }

        return whole;
    }

    /// <summary>How many parts stand besides part 0.</summary>
    public async Task<long> FurtherPartsAsync(DbConnection session, string reference, CancellationToken cancel)
    {
        await using var command = session.Command("");
        command.CommandText = $"SELECT count(*) FROM {Contents} WHERE {Q("reference")} = {Bind(command, [reference])} AND {Q("part")} > 0";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>Waits for who removes one of them at this moment.</summary>
    public async Task UnmarkAsync(DbConnection session, IReadOnlyCollection<string> references, CancellationToken cancel)
    {
        // In one order everywhere, so that two who unmark the same don't wait for each other.
        foreach (var some in references.Order(StringComparer.Ordinal).Chunk(AtOnce))
        {
            await using var command = session.Command("");
            command.CommandText = $"DELETE FROM {Marks} WHERE {Q("reference")} IN ({Bind(command, some)})";
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>One, so that it holds nothing while it waits.</summary>
    public async Task MarkAsync(DbConnection session, string reference, long at, CancellationToken cancel)
    {
        await using var command = session.Command("");
        Bind(command, "@reference", reference);
        engine.Bind(command, "@at", Long(at), 0, null);
        command.CommandText = engine.InsertNew(Marks, $"{Q("reference")}, {Q("marked_at")}", "(@reference, @at)", MarkKey);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Within a transaction of the caller's, who commits where it answers true.</summary>
    public async Task<bool> RemoveAsync(DbConnection session, string reference, long markedAt, CancellationToken cancel)
    {
        await using var unmark = session.Command("");
        engine.Bind(unmark, "@at", Long(markedAt), 0, null);
        unmark.CommandText = $"DELETE FROM {Marks} WHERE {Q("reference")} = {Bind(unmark, [reference])} AND {Q("marked_at")} = @at";
        if (await unmark.ExecuteNonQueryAsync(cancel) != 1) return false;
        await using var remove = session.Command("");
        remove.CommandText = $"DELETE FROM {Contents} WHERE {Q("reference")} = {Bind(remove, [reference])}";
        await remove.ExecuteNonQueryAsync(cancel);
        return true;
    }

    public async Task<List<AttachmentEntry>> ListAsync(DbConnection session, string after, int most, CancellationToken cancel)
    {
        await using var command = session.Command("");
        command.CommandText = $"""
            SELECT a.{Q("reference")}, m.{Q("marked_at")} FROM (SELECT DISTINCT {Q("reference")} FROM {Contents} WHERE {Q("reference")} > {Bind(command, [after])} ORDER BY {Q("reference")} {engine.Dialect.Limit(most)}) a
            LEFT JOIN {Marks} m ON m.{Q("reference")} = a.{Q("reference")} ORDER BY a.{Q("reference")}
            """;
        var entries = new List<AttachmentEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) entries.Add(new AttachmentEntry(reader.GetString(0), await reader.IsDBNullAsync(1, cancel) ? null : reader.GetInt64(1)));
        return entries;
    }

    public async Task<List<AttachmentColumn>> ColumnsAsync(DbConnection session, CancellationToken cancel)
    {
        await using var command = session.Command($"SELECT {string.Join(", ", ColumnKey.Select(Q))} FROM {engine.Dialect.Quote(Columns(beside).Table)}");
        var columns = new List<AttachmentColumn>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel)) columns.Add(new AttachmentColumn(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return columns;
    }

    /// <summary>Enters what is not entered yet; most often nothing is written.</summary>
    public async Task RegisterAsync(DbConnection session, TargetTable target, CancellationToken cancel)
    {
        var known = await ColumnsAsync(session, cancel);
        foreach (var column in target.AttachmentColumns.Select(column => new AttachmentColumn(target.Subscription, target.Table.Name, column)).Except(known))
        {
            await using var command = session.Command("");
            Bind(command, "@subscription", column.Subscription);
            Bind(command, "@table", column.Table);
            Bind(command, "@column", column.Column);
            command.CommandText = engine.InsertNew(engine.Dialect.Quote(Columns(beside).Table), string.Join(", ", ColumnKey.Select(Q)), "(@subscription, @table, @column)", ColumnKey);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    string Q(string name) => engine.Dialect.Quote(name);

    /// <summary>Their parameters' names, with commas.</summary>
    string Bind(DbCommand command, string[] texts)
    {
        var names = texts.Select((_, at) => string.Create(CultureInfo.InvariantCulture, $"@r{at}")).ToList();
        for (var at = 0; at < names.Count; at++) Bind(command, names[at], texts[at]);
        return string.Join(", ", names);
    }

    void Bind(DbCommand command, string name, string text)
    {
        var column = new BytesColumn("text", new ItemType(ItemKind.Text), 1);
        column.Append(text);
        engine.Bind(command, name, column, 0, null);
    }

    static LongColumn Long(long number)
    {
        var column = new LongColumn("number", Number, 1);
        column.Append(number);
        return column;
    }
}
