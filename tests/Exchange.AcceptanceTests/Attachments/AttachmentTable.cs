using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Exchange.AcceptanceTests.Hubs;

namespace Exchange.AcceptanceTests.Attachments;

/// <summary>A department's table of papers as its owner sees it: id, name, and a scan of any size; and what a subscriber finds in exchange_attachment. No code of the hub.</summary>
internal sealed class AttachmentTable(FrontEnd front)
{
    public static string Items(string more = "") => $$"""
            - { name: id, type: int32, required: true }
            - { name: name, type: string(40) }
            - { name: scan, type: attachment{{more}} }
        """;

    /// <summary>The manifest of the resource.</summary>
    public static string Resource(string capture, string item = "", string more = "") => $$"""
        ---
        kind: Resource
        metadata: { name: papers }
        spec:
          provider: d
          key: [id]
          items:
        {{Items(item)}}
        {{more}}
          source: { connection: source, table: papers, capture: { {{capture}} } }

        """;

    string Binary => front.Provider switch { "postgresql" => "bytea", "mysql" => "longblob", "sqlserver" => "varbinary(max)", _ => "blob" };

    public Task CreateAsync(string? binary = null) => front.ExecuteAsync($"CREATE TABLE papers (id int NOT NULL PRIMARY KEY, name varchar(40), scan {binary ?? Binary})");

    /// <summary>Contents that are the same for the same seed, and do not compress.</summary>
    public static byte[] Contents(int seed, int bytes)
    {
        var contents = new byte[bytes];
#pragma warning disable CA5394 // repeatable, not secret
        new Random(seed).NextBytes(contents);
#pragma warning restore CA5394
        return contents;
    }

    public static string Reference(byte[]? contents) => contents is null ? "∅" : string.Create(CultureInfo.InvariantCulture, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(contents))}/{contents.Length}");

    public Task InsertAsync(int id, string name, byte[]? scan) => WriteAsync($"INSERT INTO papers (id, name, scan) VALUES ({id}, '{name}', @scan)", scan);

    public Task UpdateAsync(int id, byte[]? scan) => WriteAsync($"UPDATE papers SET scan = @scan WHERE id = {id}", scan);

    async Task WriteAsync(string sql, byte[]? scan)
    {
        await using var connection = await front.Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        Assert.AreEqual(1, await RunAsync(connection, transaction, sql, scan));
        await transaction.CommitAsync();
    }

    /// <summary>A statement with @scan; answers how many rows it met.</summary>
    public static async Task<int> RunAsync(DbConnection connection, DbTransaction transaction, string sql, byte[]? scan)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction, command.CommandTimeout) = (sql, transaction, 120);
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.DbType, parameter.Value) = ("@scan", System.Data.DbType.Binary, scan is null ? DBNull.Value : scan);
        command.Parameters.Add(parameter);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>id|name|reference of each row of a subscriber's table; every reference there has whole contents whose digest is computed here.</summary>
    public async Task<string[]> DeliveredAsync(string table = "copy")
    {
        var rows = await front.Database.QueryAsync($"SELECT id, name, scan FROM {table}");
        foreach (var reference in rows.Select(row => (string?)row[2]).OfType<string>().Distinct()) Assert.AreEqual(reference, await StandingAsync(reference));
        return [.. rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{row[0]}|{row[1]}|{row[2] ?? "∅"}")).Order(StringComparer.Ordinal)];
    }

    /// <summary>The reference that the parts of a reference really have.</summary>
    async Task<string> StandingAsync(string reference)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (bytes, next) = (0L, 0);
        await using var connection = await front.Database.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT part, content FROM exchange_attachment WHERE reference = '{reference}' ORDER BY part";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            Assert.AreEqual(next++, Convert.ToInt32(reader.GetValue(0), CultureInfo.InvariantCulture), "parts without gaps");
            var part = (byte[])reader.GetValue(1);
            hash.AppendData(part);
            bytes += part.Length;
        }

        Assert.IsGreaterThan(0, next, $"contents of {reference}");
        return string.Create(CultureInfo.InvariantCulture, $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}/{bytes}");
    }
}
