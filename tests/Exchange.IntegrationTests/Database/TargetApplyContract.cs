using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.IntegrationTests.Database;

/// <summary>Upserts, deletions, tombstones, row errors and what a full no longer holds.</summary>
public abstract class TargetApplyContract(string provider) : TargetSuite(provider)
{
    static readonly DateTimeOffset Now = new(2026, 7, 1, 8, 30, 0, TimeSpan.Zero);

    [TestMethod]
    public async Task A_deleted_row_is_gone_and_counted_once()
    {
        var target = People();
        await WriteAsync(target, Batch(target, ["1", "a", "1"], ["2", "b", "2"]));
        Assert.AreEqual(new ApplyCount(0, 1), await WriteAsync(target, Deletes(target, ["1"], ["9"])));
        await StandsAsync(target, "2|b|2");
    }

    [TestMethod]
    public async Task A_row_that_a_trigger_drops_in_silence_is_a_row_error()
    {
        var target = People();
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        if (DropRowTwo is not { } trigger) return; // the engine's triggers can't drop a row without an error
        await Database.ExecuteAsync(trigger);
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        var refused = await Assert.ThrowsExactlyAsync<FrontEndException>(() => transaction.ApplyAsync(Batch(target, ["2", "b", "2"], ["3", "c", "3"]), Cancel));
        Assert.AreEqual(FrontEndFault.Row, refused.Fault);
        StringAssert.Contains(refused.Message, "trigger");
        Assert.AreEqual(new ApplyCount(1, 0), await transaction.ApplyAsync(Batch(target, ["3", "c", "3"]), Cancel));
        await transaction.CommitAsync(Cancel);
        await StandsAsync(target, "1|a|1", "3|c|3");
    }

    /// <summary>Makes a trigger on the people that drops the row of id 2; null where the engine knows no such thing.</summary>
    string? DropRowTwo => Database.Provider switch
    {
        "postgresql" => "create function drop_two() returns trigger language plpgsql as $$ begin if new.id = '2' then return null; end if; return new; end $$; create trigger drop_two before insert on people for each row execute function drop_two()",
        "sqlserver" => "create trigger drop_two on people after insert as begin set nocount on; delete p from people as p join inserted as i on i.id = p.id where i.id = '2' end",
        "sqlite" => "create trigger drop_two before insert on people when new.id = '2' begin select raise(ignore); end",
        _ => null,
    };

    [TestMethod]
    public async Task Ignored_deletions_touch_nothing()
    {
        var target = People(DeletePolicy.Ignore);
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        Assert.AreEqual(new ApplyCount(0, 0), await WriteAsync(target, Deletes(target, [["1"]])));
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        Assert.AreEqual(0, await transaction.DeleteUnseenAsync(Cancel));
        await transaction.CommitAsync(Cancel);
        await StandsAsync(target, "1|a|1");
    }

    [TestMethod]
    public async Task A_tombstone_is_set_once_with_its_time_and_cleared_by_the_next_upsert()
    {
        var target = People(DeletePolicy.Tombstone);
        await WriteAsync(target, Batch(target, ["1", "a", "1"], ["2", "b", "2"]));
        var writer = Writer(new FakeTimeProvider(Now));
        await using (var transaction = await writer.BeginAsync(target, Cancel))
        {
            Assert.AreEqual(new ApplyCount(0, 1), await transaction.ApplyAsync(Deletes(target, [["1"]]), Cancel));
            Assert.AreEqual(new ApplyCount(0, 0), await transaction.ApplyAsync(Deletes(target, [["1"]]), Cancel));
            await transaction.CommitAsync(Cancel);
        }

        var marked = target with { Columns = [.. target.Columns, new("exchange_deleted", Boolean, true, null), new("exchange_deleted_at", Timestamp, false, null)] };
        await StandsAsync(marked, "1|a|1|true|2026-07-01T08:30:00Z", "2|b|2|false|∅");
        await WriteAsync(target, Batch(target, ["1", "a", "1"]));
        await StandsAsync(marked, "1|a|1|false|∅", "2|b|2|false|∅");
    }

    [TestMethod]
    public async Task Unseen_rows_are_deleted_by_code_point_inside_the_scope_only()
    {
        var target = People() with { Columns = [new("part", ItemType.String(5), true, null), .. People().Columns], Key = ["part", "id"], Scope = new Dictionary<string, string> { ["part"] = "A" } };
        await WriteAsync(target, Batch(target, ["A", "x", null, null], ["A", "X", null, null], ["A", "y", null, null], ["a", "z", null, null], ["B", "z", null, null]));
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            Assert.AreEqual(3, await transaction.CountAsync(Cancel), "rows of the scope");
            await transaction.AddSeenAsync(Keys(target, ["A", "x"]), Cancel);
            await transaction.AddSeenAsync(Keys(target, ["A", "x"], ["A", "unknown"]), Cancel);
            Assert.AreEqual(2, await transaction.DeleteUnseenAsync(Cancel));
            await transaction.CommitAsync(Cancel);
        }

        await StandsAsync(target, "A|x|∅|∅", "B|z|∅|∅", "a|z|∅|∅");
    }

    [TestMethod]
    public async Task Without_any_seen_key_a_full_leaves_nothing()
    {
        var target = People();
        await WriteAsync(target, Batch(target, ["1", "a", "1"], ["2", "b", "2"]));
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        Assert.AreEqual(2, await transaction.DeleteUnseenAsync(Cancel));
        await transaction.CommitAsync(Cancel);
        Assert.IsEmpty(await StandingAsync(target));
    }

    [TestMethod]
    public async Task Unseen_rows_are_marked_and_those_marked_before_are_not_counted()
    {
        var target = People(DeletePolicy.Tombstone);
        await WriteAsync(target, Batch(target, ["1", "a", "1"], ["2", "b", "2"], ["3", "c", "3"]), Deletes(target, [["1"]]));
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        Assert.AreEqual(2, await transaction.CountAsync(Cancel), "rows that are not marked");
        await transaction.AddSeenAsync(Keys(target, [["3"]]), Cancel);
        Assert.AreEqual(1, await transaction.DeleteUnseenAsync(Cancel));
        await transaction.CommitAsync(Cancel);
        Assert.AreEqual(2, await NumberAsync($"SELECT COUNT(*) FROM people WHERE exchange_deleted = {Engine().True}"));
    }

    [TestMethod]
    [DataRow("bad", "more than ten letters", "1", DisplayName = "too long")]
    [DataRow(null, "x", "1", DisplayName = "key is null")]
    [DataRow("bad", "x", "12345678901.5", DisplayName = "too many digits")]
    [DataRow("bad", "x", "1.005", DisplayName = "too many digits after the point")]
    [DataRow("bad", "a\0b", "1", DisplayName = "NUL")]
    [DataRow("bad", "x", "-5", DisplayName = "check constraint")]
    [DataRow("bad", "taken", "1", DisplayName = "unique index")]
    public async Task A_row_error_undoes_its_call_alone(string? id, string name, string amount)
    {
        var target = People();
        await Database.ExecuteAsync($"CREATE TABLE people (id {KeyChars(20)} NOT NULL PRIMARY KEY, name {Chars(10)} UNIQUE, amount {Dialect.NativeType(ItemType.Decimal(12, 2), false)} CHECK (amount * 1 > -1))");
        await WriteAsync(target, Batch(target, ["0", "taken", "1"]));
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await transaction.ApplyAsync(Batch(target, ["1", "a", "1"]), Cancel);
            var fault = await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch(target, ["2", "b", "2"], [id, name, amount], ["3", "c", "3"]), Cancel));
            Assert.IsFalse(fault.Message.Contains("Password", StringComparison.OrdinalIgnoreCase), fault.Message);
            await transaction.ApplyAsync(Batch(target, ["4", "d", "4"]), Cancel);
            await transaction.WriteLedgerAsync(Entry(1), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        await StandsAsync(target, "0|taken|1", "1|a|1", "4|d|4");
    }

    [TestMethod]
    public async Task A_null_in_a_column_that_takes_none_is_a_row_error()
    {
        var target = People();
        await Database.ExecuteAsync($"CREATE TABLE people (id {KeyChars(20)} NOT NULL PRIMARY KEY, name {Chars(10)} NOT NULL, amount {Dialect.NativeType(ItemType.Decimal(12, 2), false)})");
        await WriteAsync(target);
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch(target, ["1", null, "1"]), Cancel));
        await transaction.ApplyAsync(Batch(target, ["2", "b", null]), Cancel);
        await transaction.CommitAsync(Cancel);
        await StandsAsync(target, "2|b|∅");
    }

    [TestMethod]
    public async Task A_foreign_key_that_waits_for_the_commit_is_judged_with_the_rows_that_break_it()
    {
        var target = People();
        await Database.ExecuteAsync($"CREATE TABLE parents (name {KeyChars(10)} NOT NULL PRIMARY KEY)");
        await Database.ExecuteAsync("INSERT INTO parents VALUES ('known')");
        await Database.ExecuteAsync($"CREATE TABLE people (id {KeyChars(20)} NOT NULL PRIMARY KEY, name {KeyChars(10)}, amount {Dialect.NativeType(ItemType.Decimal(12, 2), false)}, FOREIGN KEY (name) REFERENCES parents (name) {(IsMySql || IsSqlServer ? "" : "DEFERRABLE INITIALLY DEFERRED")})");
        await WriteAsync(target);
        await using var transaction = await Writer().BeginAsync(target, Cancel);
        await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch(target, ["1", "unknown", "1"]), Cancel));
        await transaction.ApplyAsync(Batch(target, ["2", "known", "1"]), Cancel);
        await transaction.CommitAsync(Cancel);
        await StandsAsync(target, "2|known|1");
    }

    [TestMethod]
    public async Task With_a_further_unique_index_no_other_row_is_hit()
    {
        var target = People(DeletePolicy.Tombstone);
        await WriteAsync(target, Batch(target, ["1", "a", "1"], ["2", "b", "2"]));
        await Database.ExecuteAsync("CREATE UNIQUE INDEX name_once ON people (name)");
        await using (var transaction = await Writer().BeginAsync(target, Cancel))
        {
            await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch(target, ["3", "b", "3"]), Cancel));
            await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch(target, ["1", "b", "3"]), Cancel));
            Assert.AreEqual(3, (await transaction.ApplyAsync(Batch(target, ["1", "c", "5"], ["3", "d", "3"], ["2", "b", "2"]), Cancel)).Upserted);
            await transaction.CommitAsync(Cancel);
        }

        await StandsAsync(target, "1|c|5", "2|b|2", "3|d|3");
    }

    [TestMethod]
    public async Task A_row_that_another_writer_brings_meanwhile_is_updated_also_while_a_table_seems_new()
    {
        var target = People();
        var writer = Writer();
        await writer.EnsureAsync(target, create: true, Cancel);
        foreach (var (first, second) in new[] { ("1", "2"), ("3", "4") })
        {
            await using var transaction = await writer.BeginAsync(target, Cancel);
            await transaction.ApplyAsync(Batch(target, [first, "a", "1"]), Cancel);
            await transaction.ApplyAsync(Batch(target, [second, "b", "2"]), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        await using (var transaction = await writer.BeginAsync(target, Cancel))
        {
            await transaction.ApplyAsync(Batch(target, ["5", "e", "5"], ["4", "changed", "4"]), Cancel);
            await transaction.CommitAsync(Cancel);
        }

        await StandsAsync(target, "1|a|1", "2|b|2", "3|a|1", "4|changed|4", "5|e|5");
    }
}

[TestClass]
public sealed class PostgreSqlTargetApplyTests() : TargetApplyContract("postgresql");

[TestClass]
public sealed class MySqlTargetApplyTests() : TargetApplyContract("mysql");

[TestClass]
public sealed class SqliteTargetApplyTests() : TargetApplyContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerTargetApplyTests() : TargetApplyContract("sqlserver");
