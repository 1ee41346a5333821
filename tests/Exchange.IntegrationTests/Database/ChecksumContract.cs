using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Checksums;
using Exchange.Adapters.Database.MySql;
using Exchange.Adapters.Database.PostgreSql;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Exchange.TestSupport;
using MySqlConnector;
using Npgsql;

namespace Exchange.IntegrationTests.Database;

/// <summary>The same values have the same sums on every engine that sums, values that differ have others.</summary>
[TestClass]
public sealed class ChecksumContract
{
    static readonly (string Name, ItemType Type, string PostgreSql, string MySql)[] Columns =
    [
        ("k", ItemType.String(40), "varchar(40)", "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"), ("txt", new(ItemKind.Text), "text", "longtext"), ("n", new(ItemKind.Int32), "integer", "int"),
        ("big", new(ItemKind.Int64), "bigint", "bigint"), ("money", ItemType.Decimal(28, 10), "numeric(28,10)", "decimal(28,10)"), ("whole", ItemType.Decimal(28, 0), "numeric(28,0)", "decimal(28,0)"),
        ("flag", new(ItemKind.Boolean), "boolean", "tinyint(1)"), ("day", new(ItemKind.Date), "date", "date"), ("at", new(ItemKind.Timestamp), "timestamptz", "datetime(6)"), ("raw", new(ItemKind.Binary), "bytea", "longblob"),
    ];

    /// <summary>Rows as literals that either engine reads; binary as hexadecimal.</summary>
    static readonly string?[][] Rows =
    [
        ["null", null, null, null, null, null, null, null, null, null],
        ["empty", "", "0", "0", "0", "0", "false", "1970-01-01", "1970-01-01 00:00:00", ""],
        ["least", "a", "-2147483648", "-9223372036854775808", "-999999999999999999.9999999999", "-9999999999999999999999999999", "false", "0001-01-01", "0001-01-01 00:00:00", "00"],
        ["most", "𠀀😀", "2147483647", "9223372036854775807", "999999999999999999.9999999999", "9999999999999999999999999999", "true", "9999-12-31", "9999-12-31 23:59:59.999999", "00ff0a5c09"],
        ["中文键", "trailing  ", "7", "-1", "0.0000000001", "10000", "true", "2024-02-29", "2026-07-01 08:00:00.000001", "5c4e"],
        ["tail ", "5:x", "1", "1", "-10000.5", "-100", "false", "1752-09-10", "1900-01-01 00:00:00.5", "20"],
    ];

    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    static ChecksumQuery Query(string table = "t", int left = 0) => new() { Table = new(null, table), Columns = [.. Columns.SkipLast(left).Select(column => new ChecksumColumn(column.Name, column.Type))], Key = [0] };

    [TestMethod]
    public async Task The_same_rows_have_the_same_portable_sums_on_either_engine()
    {
        await using var postgresql = await TestDatabase.CreateAsync("postgresql");
        await using var mysql = await TestDatabase.CreateAsync("mysql");
        await FillAsync(postgresql, Rows);
        await FillAsync(mysql, Rows.Reverse());
        var (first, second) = (Of(postgresql), Of(mysql));
        CollectionAssert.Contains((await first.FormsAsync(Query(), Cancel)).ToList(), TableChecksums.Portable);
        CollectionAssert.AreEqual(new[] { TableChecksums.Portable }, (await second.FormsAsync(Query(), Cancel)).ToList());
        var sums = await first.SumAsync(Query(), TableChecksums.Portable, Cancel);
        Assert.AreEqual(Rows.Length, sums.Whole.Rows);
        Assert.IsEmpty(sums.Differing(await second.SumAsync(Query(), TableChecksums.Portable, Cancel)));
        var whole = await first.SumWholeAsync(Query(), TableChecksums.Portable, Cancel);
        Assert.AreEqual(sums.Whole, whole);
        Assert.AreEqual(whole, await second.SumWholeAsync(Query(), TableChecksums.Portable, Cancel));
    }

    [TestMethod]
    [DataRow("postgresql", 0)]
    [DataRow("postgresql", 1)]
    [DataRow("mysql", 0)]
    public async Task A_whole_table_tells_values_that_have_changed_places(string provider, int form)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await FillAsync(database, Rows);
        var checksums = Of(database);
        var name = (await checksums.FormsAsync(Query(), Cancel))[form];
        var before = await checksums.SumWholeAsync(Query(), name, Cancel);
        Assert.AreEqual(new TableSum(Rows.Length, before.Sum), before);
        Assert.AreEqual((await checksums.SumAsync(Query(), name, Cancel)).Whole, before, "the ranges make up the whole");
        foreach (var (column, first, second) in new[] { ("txt", "'a'", "'𠀀😀'"), ("n", "-2147483648", "2147483647"), ("money", "-999999999999999999.9999999999", "999999999999999999.9999999999"), ("day", "'0001-01-01'", "'9999-12-31'"), ("flag", "false", "true") })
        {
            await database.ExecuteAsync($"UPDATE t SET {column} = {second} WHERE k = 'least'");
            await database.ExecuteAsync($"UPDATE t SET {column} = {first} WHERE k = 'most'");
            var swapped = await checksums.SumWholeAsync(Query(), name, Cancel);
            Assert.AreEqual(before.Rows, swapped.Rows);
            Assert.AreNotEqual(before.Sum, swapped.Sum, column);
            await database.ExecuteAsync($"UPDATE t SET {column} = {first} WHERE k = 'least'");
            await database.ExecuteAsync($"UPDATE t SET {column} = {second} WHERE k = 'most'");
            Assert.AreEqual(before, await checksums.SumWholeAsync(Query(), name, Cancel), "all in their places again");
        }

        await database.ExecuteAsync("DELETE FROM t");
        Assert.AreEqual(new TableSum(0, 0), await checksums.SumWholeAsync(Query(), name, Cancel));
    }

    /// <summary>PostgreSQL's own hashes fold a whole number and a timestamp to 32 bits and leave the sign of a numeric out.</summary>
    [TestMethod]
    [DataRow("big", "-1", "4294967295")]
    [DataRow("big", "1", "4294967296")]
    [DataRow("money", "0.0000000001", "-0.0000000001")]
    [DataRow("whole", "10000", "-10000")]
    [DataRow("at", "'2026-07-01 08:00:00+00'", "'2026-07-01 09:11:34.967297+00'")]
    public async Task Values_that_PostgreSQL_hashes_alike_have_different_sums(string column, string value, string other)
    {
        await using var database = await TestDatabase.CreateAsync("postgresql");
        await FillAsync(database, Rows);
        var checksums = Of(database);
        foreach (var form in await checksums.FormsAsync(Query(), Cancel))
        {
            await database.ExecuteAsync($"UPDATE t SET {column} = {value} WHERE k = 'least'");
            var before = (await checksums.SumWholeAsync(Query(), form, Cancel), await checksums.SumAsync(Query(), form, Cancel));
            await database.ExecuteAsync($"UPDATE t SET {column} = {other} WHERE k = 'least'");
            Assert.AreNotEqual(before.Item1, await checksums.SumWholeAsync(Query(), form, Cancel), form);
            Assert.HasCount(1, before.Item2.Differing(await checksums.SumAsync(Query(), form, Cancel)), form);
        }
    }

    [TestMethod]
    [DataRow("postgresql", 0)]
    [DataRow("postgresql", 1)]
    [DataRow("mysql", 0)]
    public async Task Every_value_counts_and_only_the_range_of_its_key_differs(string provider, int form)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await FillAsync(database, Rows);
        var checksums = Of(database);
        var name = (await checksums.FormsAsync(Query(), Cancel))[form];
        var before = await checksums.SumAsync(Query(), name, Cancel);
        foreach (var change in new[] { "txt = 'trailing '", "txt = NULL", "txt = ''", "n = 8", "big = 0", "money = 0.0000000002", "whole = 10001", "flag = NOT flag", "day = '2024-02-28'", "raw = NULL" })
        {
            await database.ExecuteAsync($"UPDATE t SET {change} WHERE k = '中文键'");
            var differing = before.Differing(await checksums.SumAsync(Query(), name, Cancel));
            Assert.HasCount(1, differing, change);
            Assert.AreNotEqual(before.Whole, await checksums.SumWholeAsync(Query(), name, Cancel), change);
            var found = await database.QueryAsync($"SELECT k FROM ({checksums.Select(Query(), name, differing)}) s");
            Assert.IsTrue(found.Any(row => (string)row[0]! == "中文键"), change);
            await database.ExecuteAsync("DROP TABLE t");
            await FillAsync(database, Rows);
            Assert.IsEmpty(before.Differing(await checksums.SumAsync(Query(), name, Cancel)), "the same rows again");
        }
    }

    [TestMethod]
    public async Task Numbers_that_are_equal_have_one_sum_however_they_are_written()
    {
        await using var database = await TestDatabase.CreateAsync("postgresql");
        await database.ExecuteAsync("CREATE TABLE a (k int PRIMARY KEY, d numeric, f float8); CREATE TABLE b (k bigint PRIMARY KEY, d numeric(20,6), f float8)");
        await database.ExecuteAsync("INSERT INTO a VALUES (1, 1.5, '-0'), (2, 100, 0.1); INSERT INTO b VALUES (1, 1.500000, 0), (2, 100.000000, 0.1)");
        var checksums = Of(database);
        ChecksumQuery Numbers(string table) => new() { Table = new(null, table), Columns = [new("k", new(ItemKind.Int64)), new("d", ItemType.Decimal(20, 6)), new("f", new(ItemKind.Double))], Key = [0] };
        var forms = await checksums.FormsAsync(Numbers("a"), Cancel);
        Assert.HasCount(1, forms, "a double has no text that all engines write alike");
        CollectionAssert.AreEqual(forms.ToList(), (await checksums.FormsAsync(Numbers("b"), Cancel)).ToList());
        Assert.IsEmpty((await checksums.SumAsync(Numbers("a"), forms[0], Cancel)).Differing(await checksums.SumAsync(Numbers("b"), forms[0], Cancel)));
    }

    [TestMethod]
    public async Task Columns_that_are_not_known_to_hash_alike_are_not_summed()
    {
        await using var database = await TestDatabase.CreateAsync("postgresql");
        await database.ExecuteAsync("CREATE TABLE t (k uuid PRIMARY KEY, c char(5))");
        var checksums = Of(database);
        Assert.IsEmpty(await checksums.FormsAsync(new ChecksumQuery { Table = new(null, "t"), Columns = [new("k", new(ItemKind.Text)), new("c", ItemType.String(5))], Key = [0] }, Cancel));
        Assert.IsEmpty(await checksums.FormsAsync(new ChecksumQuery { Table = new(null, "t"), Columns = [new("gone", new(ItemKind.Text))], Key = [0] }, Cancel));

        // A column that holds more than its item: only what tells all of its values is offered.
        await database.ExecuteAsync("CREATE TABLE wide (k bigint PRIMARY KEY)");
        CollectionAssert.AreEqual(new[] { TableChecksums.Portable }, (await checksums.FormsAsync(new ChecksumQuery { Table = new(null, "wide"), Columns = [new("k", new(ItemKind.Int32))], Key = [0] }, Cancel)).ToList());
    }

    /// <summary>What an engine allows its roles by default must not end a sum over a large table.</summary>
    [TestMethod]
    [DataRow("postgresql")]
    [DataRow("mysql")]
    public async Task A_statement_takes_as_long_as_it_must(string provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        var connection = Connection(database);
        if (provider == "postgresql")
        {
            await database.ExecuteAsync($"ALTER DATABASE \"{new NpgsqlConnectionStringBuilder(database.ConnectionString).Database}\" SET statement_timeout = '60s'");
            NpgsqlConnection.ClearAllPools(); // sessions that are open know nothing of it
            await using var session = await new PostgreSqlDialect().OpenAsync(connection, Cancel);
            Assert.AreEqual("0", await ScalarAsync(session, "SHOW statement_timeout"));
            return;
        }

        var settings = new MySqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        var name = settings.Database;
        await database.ExecuteAsync($"CREATE USER {name} IDENTIFIED BY 'limited' WITH MAX_STATEMENT_TIME 60; GRANT SELECT ON {name}.* TO {name}");
        (settings.UserID, settings.Password) = (name, "limited");
        await using (var limited = new MySqlConnection(settings.ConnectionString))
        {
            await limited.OpenAsync(Cancel);
            Assert.AreEqual("60", await ScalarAsync(limited, "SELECT CAST(@@max_statement_time AS INT)"));
        }

        await using (var session = await new MySqlDialect().OpenAsync(connection with { ConnectionString = settings.ConnectionString }, Cancel))
            Assert.AreEqual("0", await ScalarAsync(session, "SELECT CAST(@@max_statement_time AS INT)"));
        await database.ExecuteAsync($"DROP USER {name}");
    }

    async Task<string?> ScalarAsync(DbConnection session, string sql)
    {
        await using var command = session.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture);
    }

    static FrontEndConnection Connection(TestDatabase database) => new() { Name = "front", Provider = database.Provider, ConnectionString = database.ConnectionString };

    static IChecksums Of(TestDatabase database)
    {
        var connection = Connection(database);
        return database.Provider == "mysql" ? new MySqlChecksums(connection, new MySqlDialect()) : new PostgreSqlChecksums(connection, new PostgreSqlDialect());
    }

    static async Task FillAsync(TestDatabase database, IEnumerable<string?[]> rows)
    {
        var mysql = database.Provider == "mysql";
        await database.ExecuteAsync($"CREATE TABLE t ({string.Join(", ", Columns.Select(column => $"{column.Name} {(mysql ? column.MySql : column.PostgreSql)}"))}, PRIMARY KEY (k))");
        foreach (var row in rows) await database.ExecuteAsync($"INSERT INTO t VALUES ({string.Join(", ", row.Select((value, at) => Literal(Columns[at].Type, value)))})");

        string Literal(ItemType type, string? value) => value is null ? "NULL" : type.Kind switch
        {
            ItemKind.Binary => mysql ? $"x'{value}'" : $"'\\x{value}'",
            ItemKind.Boolean => value,
            ItemKind.Timestamp when !mysql => $"'{value}+00'",
            _ => $"'{value}'",
        };
    }
}
