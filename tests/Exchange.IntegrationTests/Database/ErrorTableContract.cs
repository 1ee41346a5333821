using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;

namespace Exchange.IntegrationTests.Database;

/// <summary>The error tables that push-back keeps.</summary>
public abstract class ErrorTableContract(string provider) : TargetSuite(provider)
{
    static readonly ErrorTable Table = new(new TableName(null, "jg_check_action_error"), ["check_no", "检查日期"]);

    ErrorTableWriter Writer() => new(Engine(), Connection);

    static ErrorRow Row(string id, string? value = "v", string? item = "check_date") => new()
    {
        Id = id, Values = ["A-1", value], Batch = 7, Rule = "required", Item = item, Value = value, Message = "检查日期 is missing; DROP TABLE x", Time = new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero),
    };

    async Task<List<object?[]>> RowsAsync(string columns) => await Database.QueryAsync($"SELECT {columns} FROM {Q("jg_check_action_error")} ORDER BY err_id");

    [TestMethod]
    public async Task An_error_is_written_once_and_closed_once()
    {
        await Writer().EnsureAsync(Table, Cancel);
        await Writer().WriteAsync(Table, [Row("a"), Row("b", null, null), Row("a")], Cancel);
        await Writer().WriteAsync(Table, [Row("a", "other"), Row("c")], Cancel);
        var rows = await RowsAsync($"err_id, {Q("检查日期")}, err_item, err_value, err_message");
        Assert.AreEqual("a|v|check_date|v,b|∅|∅|∅,c|v|check_date|v", string.Join(',', rows.Select(row => string.Join('|', row[..4].Select(value => value ?? "∅")))));
        await Writer().CloseAsync(Table, [("a", 8), ("c", 9), ("unknown", 9)], Cancel);
        await Writer().CloseAsync(Table, [("a", 10)], Cancel);
        Assert.AreEqual("8,∅,9", string.Join(',', (await RowsAsync("err_closed_batch")).Select(row => row[0] ?? "∅")));
    }

    [TestMethod]
    public async Task New_source_columns_are_added_and_names_are_names()
    {
        await Writer().EnsureAsync(Table, Cancel);
        await Writer().WriteAsync(Table, [Row("a")], Cancel);
        var wider = Table with { SourceColumns = [.. Table.SourceColumns, "order\"` '; --"] };
        await Writer().EnsureAsync(wider, Cancel);
        await Writer().EnsureAsync(wider, Cancel);
        await Writer().WriteAsync(wider, [Row("b") with { Values = ["A-2", "x", "y"] }], Cancel);
        Assert.AreEqual("∅,y", string.Join(',', (await RowsAsync(Q("order\"` '; --"))).Select(row => row[0] ?? "∅")));
    }

    [TestMethod]
    public async Task A_value_that_no_text_column_takes_is_shown_with_the_replacement_character()
    {
        await Writer().EnsureAsync(Table, Cancel);
        await Writer().WriteAsync(Table, [Row("a", "x\0y\uD800z")], Cancel);
        Assert.AreEqual("x\uFFFDy\uFFFDz", (await RowsAsync("err_value"))[0][0]);
    }

    [TestMethod]
    public async Task A_table_of_that_name_that_is_no_error_table_is_refused_and_left_alone()
    {
        await Database.ExecuteAsync("CREATE TABLE jg_check_action_error (id int)");
        var fault = await RefusedAsync(FrontEndFault.Standing, () => Writer().EnsureAsync(Table, Cancel));
        Assert.IsTrue(fault.Message.Contains("err_id", StringComparison.Ordinal), fault.Message);
        Assert.IsEmpty(await Database.QueryAsync("SELECT * FROM jg_check_action_error"));
    }

    [TestMethod]
    public async Task Many_errors_go_in_one_transaction()
    {
        await Writer().EnsureAsync(Table, Cancel);
        var rows = Enumerable.Range(0, 3_000).Select(at => Row($"e{at:D5}")).ToList();
        await RefusedAsync(FrontEndFault.Row, () => Writer().WriteAsync(Table, [.. rows, Row("last") with { Message = null! }], Cancel));
        Assert.IsEmpty(await RowsAsync("err_id"));
        await Writer().WriteAsync(Table, rows, Cancel);
        await Writer().CloseAsync(Table, [.. rows.Select(row => (row.Id, 8L))], Cancel);
        Assert.AreEqual(3_000, await NumberAsync("SELECT COUNT(*) FROM jg_check_action_error WHERE err_closed_batch = 8"));
    }
}

[TestClass]
public sealed class PostgreSqlErrorTableTests() : ErrorTableContract("postgresql");

[TestClass]
public sealed class MySqlErrorTableTests() : ErrorTableContract("mysql");

[TestClass]
public sealed class SqliteErrorTableTests() : ErrorTableContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerErrorTableTests() : ErrorTableContract("sqlserver");
