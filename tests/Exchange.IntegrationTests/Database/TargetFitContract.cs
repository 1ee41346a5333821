using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database;

/// <summary>Tables that stand already: those that fit are used, those that do not are told of, every fault at once, and left alone.</summary>
public abstract class TargetFitContract(string provider) : TargetSuite(provider)
{
    string Key => $"{KeyChars(20)} NOT NULL PRIMARY KEY";

    string Amount => Dialect.NativeType(ItemType.Decimal(12, 2), key: false);

    async Task<string> ProblemAsync(string ddl, TargetTable? target = null)
    {
        await Database.ExecuteAsync(ddl);
        var problems = await Writer().EnsureAsync(target ?? People(), create: true, Cancel);
        Assert.HasCount(1, problems, string.Join('\n', problems));
        Assert.IsTrue(problems[0].EndsWith('.') && char.IsUpper(problems[0][0]) || problems[0].StartsWith("people", StringComparison.Ordinal), problems[0]);
        Assert.AreEqual(0, await TablesAsync("exchange_applied"), "nothing is made beside a table that does not fit");
        return problems[0];
    }

    async Task<long> TablesAsync(string name) => await NumberAsync(IsSqlite
        ? $"SELECT COUNT(*) FROM sqlite_schema WHERE name = '{name}'"
        : $"SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '{name}' AND table_schema = {(IsMySql ? "DATABASE()" : IsSqlServer ? "'dbo'" : "'public'")}");

    static void Names(string problem, params string[] parts)
    {
        foreach (var part in parts) Assert.IsTrue(problem.Contains(part, StringComparison.OrdinalIgnoreCase), $"'{part}' is not in: {problem}");
    }

    [TestMethod]
    public async Task A_table_that_the_hub_made_fits_again()
    {
        var target = TargetValuesContract.EveryType() with { Deletes = DeletePolicy.Tombstone, Title = "t" };
        Assert.IsEmpty(await Writer().EnsureAsync(target, create: true, Cancel));
        Assert.IsEmpty(await Writer().EnsureAsync(target, create: false, Cancel));
    }

    [TestMethod]
    public async Task Wider_columns_further_columns_and_another_unique_key_fit()
    {
        var unique = $"{KeyChars(40)} NOT NULL UNIQUE";
        var wide = Dialect.NativeType(ItemType.Decimal(14, 3), key: false);
        var own = IsPostgres ? "own int GENERATED ALWAYS AS IDENTITY PRIMARY KEY" : IsMySql ? "own int AUTO_INCREMENT PRIMARY KEY" : IsSqlServer ? "own int IDENTITY PRIMARY KEY" : "own integer PRIMARY KEY AUTOINCREMENT";
        await Database.ExecuteAsync($"CREATE TABLE people ({own}, id {unique}, name {Chars(50)}, amount {wide}, remark {Chars(5)} DEFAULT 'x' NOT NULL)");
        var target = People();
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        await WriteAsync(target, Batch(target, ["1", "b", "2.5"], ["2", "c", null]));
        await StandsAsync(target, "1|b|2.5", "2|c|∅");
    }

    [TestMethod]
    public async Task Missing_nullable_and_tombstone_columns_are_added()
    {
        await Database.ExecuteAsync($"CREATE TABLE people (id {Key}, name {Chars(10)})");
        await Database.ExecuteAsync("INSERT INTO people VALUES ('1', 'stands')");
        var target = People(DeletePolicy.Tombstone);
        await WriteAsync(target, Batch(target, ["2", "a", "1"]), Deletes(target, [["1"]]));
        await StandsAsync(target, "1|stands|∅", "2|a|1");
        Assert.AreEqual(1, await NumberAsync($"SELECT COUNT(*) FROM people WHERE exchange_deleted = {Engine().True}"));
    }

    [TestMethod]
    public async Task A_missing_table_that_is_not_to_be_made()
    {
        var problems = await Writer().EnsureAsync(People(), create: false, Cancel);
        Names(problems[0], "people", "create: false");
        Assert.AreEqual(0, await TablesAsync("people") + await TablesAsync("exchange_applied"));
    }

    [TestMethod]
    public async Task Every_misfit_is_told_at_once()
    {
        await Database.ExecuteAsync($"CREATE TABLE people (id {Chars(20)}, name int, stamp {Chars(5)} NOT NULL)");
        var problems = await Writer().EnsureAsync(People() with { Columns = [.. People().Columns, new("must", Int32, true, null)] }, create: true, Cancel);
        var all = string.Join('\n', problems);
        Names(all, "'name'", "'stamp'", "'must'", "unique index exactly on (id)");
        Assert.AreEqual(0, await NumberAsync("SELECT COUNT(*) FROM people"));
    }

    [TestMethod]
    public async Task A_required_column_that_is_missing() =>
        Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name {Chars(10)})", People() with { Columns = [People().Columns[0], People().Columns[1], new("amount", ItemType.Decimal(12, 2), true, null)] }), "amount", "must hold a value", "add it as");

    [TestMethod]
    public async Task A_text_column_that_is_too_short() => Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name {Chars(9)}, amount {Amount})"), "'name'", "(9)", "string(10)", IsSqlServer ? "nvarchar(20)" : "varchar(10)");

    [TestMethod]
    public async Task A_decimal_column_with_too_few_digits() =>
        Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name {Chars(10)}, amount decimal(12,1))"), "'amount'", "(12,1)", "decimal(12,2)");

    [TestMethod]
    public async Task A_column_of_another_kind() => Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name date, amount {Amount})"), "'name'", "date", "string(10)");

    [TestMethod]
    public async Task A_whole_number_column_that_is_too_narrow()
    {
        var narrow = IsSqlite ? "text" : "smallint";
        Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name {Chars(10)}, amount {narrow})", People() with { Columns = [People().Columns[0], People().Columns[1], new("amount", Int32, false, null)] }), "'amount'", narrow, "int32");
    }

    [TestMethod]
    public async Task A_column_that_must_hold_a_value_and_is_not_written() =>
        Names(await ProblemAsync($"CREATE TABLE people (id {Key}, name {Chars(10)}, amount {Amount}, stamp {Chars(5)} NOT NULL)"), "'stamp'", "NOT NULL", "default");

    [TestMethod]
    public async Task A_key_without_a_unique_index_of_its_own() =>
        Names(await ProblemAsync($"CREATE TABLE people (id {Key.Replace(" PRIMARY KEY", "", StringComparison.Ordinal)}, name {Chars(10)}, amount {Amount}, UNIQUE (id, name))"), "unique index", "(id)");

    [TestMethod]
    public async Task A_view()
    {
        await Database.ExecuteAsync($"CREATE TABLE base (id {Key}, name {Chars(10)}, amount {Amount})");
        Names(await ProblemAsync("CREATE VIEW people AS SELECT * FROM base"), "people", "view");
    }

    [TestMethod]
    public async Task A_column_that_the_database_computes() =>
        Names(await ProblemAsync($"CREATE TABLE people (id {Key}, amount {Amount}, {(IsSqlServer ? "name AS ('x') PERSISTED" : $"name {Chars(10)} GENERATED ALWAYS AS ('x') STORED")})"), "'name'", "computed");

    [TestMethod]
    public async Task A_key_that_takes_different_texts_for_the_same()
    {
        if (IsPostgres) await Database.ExecuteAsync("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        var key = IsPostgres ? "varchar(20) COLLATE loose" : IsMySql ? "varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" : IsSqlServer ? "nvarchar(20) COLLATE Latin1_General_100_CS_AS_KS_WS_SC" : "varchar(20) COLLATE NOCASE";
        Names(await ProblemAsync($"CREATE TABLE people (id {key} NOT NULL PRIMARY KEY, name {Chars(10)}, amount {Amount})"), "Key column 'id'", "change it to");
    }

    [TestMethod]
    public async Task A_ledger_of_another_shape()
    {
        await Database.ExecuteAsync($"CREATE TABLE exchange_applied (subscription {Chars(5)})");
        var problems = await Writer().EnsureAsync(People(), create: true, Cancel);
        Names(string.Join('\n', problems), "exchange_applied", "'subscription'", "'batch'");
        Assert.AreEqual(0, await TablesAsync("people"));
    }
}

[TestClass]
public sealed class PostgreSqlTargetFitTests() : TargetFitContract("postgresql")
{
    [TestMethod]
    public async Task Titles_become_comments()
    {
        await Writer().EnsureAsync(People(), create: true, Cancel);
        Assert.AreEqual("人员", (await Database.QueryAsync("SELECT obj_description('people'::regclass)"))[0][0]);
        Assert.AreEqual("姓名 'n\\'", (await Database.QueryAsync("SELECT col_description('people'::regclass, 2)"))[0][0]);
    }
}

[TestClass]
public sealed class MySqlTargetFitTests() : TargetFitContract("mysql")
{
    [TestMethod]
    public async Task Titles_become_comments()
    {
        await Writer().EnsureAsync(People(), create: true, Cancel);
        Assert.AreEqual("姓名 'n\\'", (await Database.QueryAsync("SELECT column_comment FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'people' AND column_name = 'name'"))[0][0]);
    }

    [TestMethod]
    public async Task A_table_without_transactions_is_refused()
    {
        await Database.ExecuteAsync("CREATE TABLE people (id varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL PRIMARY KEY, name varchar(10), amount decimal(12,2)) ENGINE=MyISAM");
        var problems = await Writer().EnsureAsync(People(), create: true, Cancel);
        Assert.IsTrue(problems is [var only] && only.Contains("InnoDB", StringComparison.Ordinal), string.Join('\n', problems));
    }

    [TestMethod]
    public async Task A_key_that_no_index_holds_is_refused_and_one_at_the_limit_is_made()
    {
        var target = People() with { Columns = [new("id", ItemType.String(769), true, null)] };
        var problems = await Writer().EnsureAsync(target, create: true, Cancel);
        Assert.IsTrue(problems is [var only] && only.Contains("3076", StringComparison.Ordinal), string.Join('\n', problems));
        target = target with { Columns = [new("id", ItemType.String(768), true, null)] };
        await WriteAsync(target, Batch(target, [[string.Concat(Enumerable.Repeat("😀", 768))]]));
    }

    [TestMethod]
    public async Task Long_texts_beyond_what_a_row_holds_are_made_and_written()
    {
        var target = People() with { Columns = [new("id", ItemType.String(20), true, null), .. Enumerable.Range(0, 12).Select(at => new TargetColumn($"c{at}", ItemType.String(4000), false, null))] };
        var value = string.Concat(Enumerable.Repeat("长", 4000));
        await WriteAsync(target, Batch(target, [["1", .. Enumerable.Repeat(value, 12)]]));
        Assert.AreEqual(1, await NumberAsync("SELECT COUNT(*) FROM people WHERE CHAR_LENGTH(c0) = 4000 AND CHAR_LENGTH(c11) = 4000"));
    }
}

[TestClass]
public sealed class SqliteTargetFitTests() : TargetFitContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerTargetFitTests() : TargetFitContract("sqlserver");
