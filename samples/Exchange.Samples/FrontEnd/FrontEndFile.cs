using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Exchange.Samples.FrontEnd;

/// <summary>
/// A front-end database of a department, as its own systems use it: plain SQL on a SQLite file. Each call opens and closes its own connection, so calls from several
/// threads are safe; a write waits for the writer before it.
/// </summary>
internal sealed class FrontEndFile(string path)
{
    public string Path { get; } = path;

    /// <summary>What a Connection manifest takes.</summary>
    public string ConnectionString { get; } = new SqliteConnectionStringBuilder { DataSource = path }.ConnectionString;

    /// <returns>Rows changed.</returns>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancel, params IReadOnlyList<(string Name, object? Value)> parameters)
    {
        await using var connection = await OpenAsync(cancel);
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Inserts all rows in one transaction.</summary>
    public async Task InsertAsync(string table, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var command = connection.CreateCommand();
        command.Transaction = (SqliteTransaction)transaction;
        command.CommandText = $"INSERT INTO \"{table}\" ({string.Join(", ", columns.Select(column => $"\"{column}\""))}) VALUES ({string.Join(", ", columns.Select((_, at) => $"$p{at}"))})";
        var parameters = columns.Select((_, at) => command.Parameters.Add(new SqliteParameter($"$p{at}", DBNull.Value))).ToList();
        foreach (var row in rows)
        {
            for (var at = 0; at < columns.Count; at++) parameters[at].Value = row[at] ?? DBNull.Value;
            await command.ExecuteNonQueryAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
    }

    public async Task<long> CountAsync(string sql, CancellationToken cancel, params IReadOnlyList<(string Name, object? Value)> parameters)
    {
        await using var connection = await OpenAsync(cancel);
        await using var command = Command(connection, sql, parameters);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>All rows as text; null stays null.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<string?>>> RowsAsync(string sql, CancellationToken cancel, params IReadOnlyList<(string Name, object? Value)> parameters)
    {
        await using var connection = await OpenAsync(cancel);
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<IReadOnlyList<string?>>();
        while (await reader.ReadAsync(cancel))
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(at => reader.IsDBNull(at) ? null : Convert.ToString(reader.GetValue(at), CultureInfo.InvariantCulture))]);
        return rows;
    }

    /// <summary>
    /// Compares rows of this file with rows of another one, by SQL alone: what the hub did is judged without the hub. The queries see this file as <c>main</c>, the
    /// other as <c>other</c>, and the keys to be left out as <c>temp.apart(key)</c>.
    /// </summary>
    public async Task<RowDifference> CompareAsync(FrontEndFile other, string here, string there, IEnumerable<string> apart, CancellationToken cancel)
    {
        await using var connection = await OpenAsync(cancel);
        await using (var attach = Command(connection, "ATTACH DATABASE $path AS other", [("$path", other.Path)])) await attach.ExecuteNonQueryAsync(cancel);
        try
        {
            await ListApartAsync(connection, apart, cancel);
            return new RowDifference(
                await CountAsync(connection, here, cancel),
                await CountAsync(connection, there, cancel),
                await CountAsync(connection, $"SELECT * FROM ({here}) EXCEPT SELECT * FROM ({there})", cancel),
                await CountAsync(connection, $"SELECT * FROM ({there}) EXCEPT SELECT * FROM ({here})", cancel));
        }
        finally
        {
            await using var detach = Command(connection, "DROP TABLE IF EXISTS temp.apart; DETACH DATABASE other", []);
            await detach.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    static async Task ListApartAsync(SqliteConnection connection, IEnumerable<string> apart, CancellationToken cancel)
    {
        await using (var create = Command(connection, "CREATE TEMP TABLE apart (key TEXT PRIMARY KEY)", [])) await create.ExecuteNonQueryAsync(cancel);
        await using var insert = Command(connection, "INSERT OR IGNORE INTO temp.apart VALUES ($key)", [("$key", null)]);
        foreach (var key in apart)
        {
            insert.Parameters[0].Value = key;
            await insert.ExecuteNonQueryAsync(cancel);
        }
    }

    static async Task<long> CountAsync(SqliteConnection connection, string query, CancellationToken cancel)
    {
        await using var command = Command(connection, $"SELECT count(*) FROM ({query})", []);
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    static SqliteCommand Command(SqliteConnection connection, string sql, IReadOnlyList<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    async Task<SqliteConnection> OpenAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync(cancel);
        return connection;
    }
}

/// <param name="Here">Rows on this side.</param>
/// <param name="There">Rows on the other side.</param>
/// <param name="Missing">Rows of this side that the other lacks, or has with another value.</param>
/// <param name="Surplus">Rows of the other side that this one lacks, or has with another value.</param>
internal sealed record RowDifference(long Here, long There, long Missing, long Surplus)
{
    /// <summary>No row is lost, doubled or different.</summary>
    public bool IsNone => Here == There && Missing == 0 && Surplus == 0;

    public override string ToString() => IsNone
        ? string.Create(CultureInfo.InvariantCulture, $"{Here:N0} = {There:N0}, 0 differ")
        : string.Create(CultureInfo.InvariantCulture, $"{Here:N0} and {There:N0}, {Missing:N0} missing or different, {Surplus:N0} too many or different");
}
