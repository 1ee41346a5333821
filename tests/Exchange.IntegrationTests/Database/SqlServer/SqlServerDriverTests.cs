using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>The real driver over a scripted endpoint: what the adapter makes of values, errors, lost transactions and cut connections.</summary>
[TestClass]
public sealed class SqlServerDriverTests
{
    static readonly TargetTable People = new()
    {
        Subscription = "people",
        Table = new TableName(null, "people"),
        Columns = [new("id", ItemType.String(20), true, null), new("n", new ItemType(ItemKind.Int32), false, null)],
        Key = ["id"],
    };

    static readonly ScriptedColumn[] PeopleColumns = [new("id", 231, "nvarchar", 80, Collation: SqlServerScene.ByCodePoint, Nullable: false), new("n", 56, "int", 4)];

    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    static SqlServerScene Writing(bool triggers = false) => new(triggers: triggers, columns: PeopleColumns, key: ["id"]);

    static RowBatch Batch(params string[] ids)
    {
        var batch = RowBatch.Empty(People.Columns.Select(column => (column.Name, column.Type)));
        foreach (var id in ids)
        {
            ((BytesColumn)batch.Columns[0]).Append(id);
            ((LongColumn)batch.Columns[1]).Append(1);
            batch.EndRow();
        }

        return batch;
    }

    /// <summary>A SELECT from the scene's table.</summary>
    static bool IsRead(TdsRequest request) => request.Sql.StartsWith("SELECT", StringComparison.Ordinal) && request.Sql.Contains(" FROM [s]]x].", StringComparison.Ordinal);

    /// <summary>Waits until the endpoint was asked so.</summary>
    async Task MetAsync(SqlServerScene scene, Func<TdsRequest, bool> which)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); !scene.Requests.Any(which);)
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(60), clock.Elapsed, string.Join('\n', scene.Requests.Select(request => request.Kind + " " + request.Sql).TakeLast(3)));
            await Task.Delay(5, Cancel);
        }
    }

    static async Task<FrontEndException> RefusedAsync(FrontEndFault kind, Func<Task> action)
    {
        var fault = await Assert.ThrowsExactlyAsync<FrontEndException>(action);
        Assert.AreEqual(kind, fault.Fault, fault.Message);
        Assert.IsFalse(fault.ToString().Contains("never-shown", StringComparison.Ordinal), "a password in a message");
        return fault;
    }

    [TestMethod]
    public async Task Values_of_every_type_are_read_as_they_stand()
    {
        await using var scene = new SqlServerScene
        {
            Rows =
            [
                new Dictionary<string, object?>
                {
                    ["编号"] = -7, ["order]"] = "中文😀", ["a\"b'c`d"] = "甲", ["@p0 ? :x"] = "ab        ", ["char"] = "x  ", ["max"] = "", ["varchar max"] = new string('长', 5_000), ["text"] = "t", ["ntext"] = " n ",
                    ["tiny"] = 255, ["small"] = -32_768, ["big"] = long.MinValue, ["bit"] = true, ["decimal"] = 9_999_999_999.99m, ["wide"] = "1234567890123456789012345678901234.5000", ["money"] = -922_337_203_685_477.5808m,
                    ["real"] = 0.1f, ["float"] = 1.7976931348623157E+308, ["date"] = new DateTime(1, 1, 1), ["datetime"] = new DateTime(2026, 7, 1, 8, 0, 0, 7), ["smalldatetime"] = new DateTime(2026, 7, 1, 8, 5, 0),
                    ["datetime2"] = new DateTime(9999, 12, 31, 23, 59, 59).AddTicks(9_999_999), ["offset"] = new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.FromHours(8)), ["time"] = "08:00:00.1234567",
                    ["guid"] = Guid.Parse("6B29FC40-CA47-1067-B31D-00DD010662DA"), ["version"] = 4711L, ["binary"] = new byte[] { 0, 255 }, ["blob"] = Array.Empty<byte>(), ["image"] = new byte[20_000], ["xml"] = "<a/>", ["variant"] = "v",
                    ["path"] = "/1/", ["place"] = "POINT (1 2)", ["json"] = "{}",
                },
                new Dictionary<string, object?> { ["编号"] = 8, ["order]"] = "half \uD83D", ["max"] = "nul\0", ["a\"b'c`d"] = null },
            ],
        };
        await using var database = scene.Open();
        var page = await database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel);
        var text = string.Join('|', page.Rows.Columns.Select(column => column.TextAt(0) is { Length: > 100 } long_ ? long_.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) : column.TextAt(0) ?? "∅"));
        Assert.AreEqual("-7|中文😀|甲|ab|x||5000|t| n |255|-32768|-9223372036854775808|true|9999999999.99|1234567890123456789012345678901234.5000|-922337203685477.5808|0.1|1.7976931348623157E+308|0001-01-01|"
            + "2026-07-01T08:00:00.007000Z|2026-07-01T08:05:00Z|9999-12-31T23:59:59.999999Z|2026-07-01T00:00:00Z|08:00:00.1234567|6b29fc40-ca47-1067-b31d-00dd010662da|4711|00ff||40000|<a/>|v|/1/|POINT (1 2)|{}", text);
        Assert.AreEqual("1:encoding,1:nul", string.Join(',', page.Faults.Select(fault => $"{fault.Row}:{fault.Rule}")));
        Assert.AreEqual("binary,date,decimal,int32,string,text", string.Join(',', page.Rows.Columns.Select(column => column.Type.ToString().Split('(')[0]).Where(type => type is not ("int64" or "double" or "boolean" or "timestamp")).Distinct().Order(StringComparer.Ordinal)));
    }

    [TestMethod]
    [DataRow(18456, FrontEndFault.Standing, ErrorCodes.FrontEndLoginRefused)]
    [DataRow(4060, FrontEndFault.Standing, ErrorCodes.FrontEndLoginRefused)]
    [DataRow(229, FrontEndFault.Standing, ErrorCodes.FrontEndRightMissing)]
    [DataRow(916, FrontEndFault.Standing, ErrorCodes.FrontEndRightMissing)]
    [DataRow(208, FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing)]
    [DataRow(207, FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing)]
    [DataRow(1205, FrontEndFault.Transient, ErrorCodes.FrontEndFailed)]
    [DataRow(1222, FrontEndFault.Transient, ErrorCodes.FrontEndFailed)]
    [DataRow(3960, FrontEndFault.Transient, ErrorCodes.FrontEndFailed)]
    [DataRow(40613, FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable)]
    [DataRow(6005, FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable)]
    [DataRow(2627, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(2601, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(547, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(515, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(2628, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(8152, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(8115, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(245, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(3609, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(50000, FrontEndFault.Row, ErrorCodes.FrontEndFailed)]
    [DataRow(334, FrontEndFault.Standing, ErrorCodes.FrontEndFailed)]
    [DataRow(102, FrontEndFault.Standing, ErrorCodes.FrontEndFailed)]
    [DataRow(1105, FrontEndFault.Standing, ErrorCodes.FrontEndFailed)]
    public async Task An_error_is_classified_by_its_number(int number, FrontEndFault kind, string code)
    {
        await using var scene = new SqlServerScene();
        // The word that the statement was ended comes with many errors, before or after the one that tells why.
        scene.Script.First = request => IsRead(request) ? new TdsAnswer().Error(3621, 0, "The statement has been terminated.").Error(number).Done() : null;
        await using var database = scene.Open();
        var fault = await RefusedAsync(kind, () => database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel));
        Assert.AreEqual(code, fault.Code);
        StringAssert.Contains(fault.Message, $"(error {number})");
    }

    [TestMethod]
    public async Task A_table_that_is_not_there_is_told_by_name_and_step()
    {
        await using var scene = new SqlServerScene();
        scene.Script.First = request => request.Sql.Contains("sp_describe", StringComparison.Ordinal) ? new TdsAnswer().Error(208, 16, "Invalid object name 'nowhere'.").Error(11501, 16, "The batch could not be analyzed.").Done()
            : request.Sql.Contains("SELECT o.type", StringComparison.Ordinal) ? new TdsAnswer().Rows([new("type", "nvarchar(2)")]).Done() : null;
        await using var database = scene.Open();
        var fault = await RefusedAsync(FrontEndFault.Standing, () => database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel));
        Assert.AreEqual(ErrorCodes.FrontEndObjectMissing, fault.Code);
        var steps = await database.CheckAsync(SqlServerScene.Query(true, ["编号"]), Cancel);
        Assert.AreEqual("address,login,rights", string.Join(',', steps.Select(step => step.Name)));
        Assert.IsFalse(steps[^1].Ok);
    }

    [TestMethod]
    public async Task Where_a_database_allows_no_snapshot_after_all_the_statement_is_read_without_one()
    {
        await using var scene = new SqlServerScene(snapshot: true) { Rows = [new Dictionary<string, object?> { ["编号"] = 1 }] };
        var refused = 0;
        scene.Script.First = request => IsRead(request) && refused++ == 0 ? new TdsAnswer().Error(3952).RolledBack().Done() : null;
        await using var database = scene.Open();
        var page = await database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel);
        Assert.AreEqual(1, page.Rows.Count);
        Assert.IsTrue(scene.Statements.Any(sql => sql.EndsWith("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", StringComparison.Ordinal) && sql.StartsWith("IF @@TRANCOUNT", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task A_wait_for_another_session_is_ended_by_its_token()
    {
        await using var scene = Writing();
        scene.Script.First = request => request.Sql.Contains("sp_getapplock", StringComparison.Ordinal) ? TdsAnswer.Waiting : null;
        await using var database = scene.Open();
        using var stop = new CancellationTokenSource();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        var waiting = transaction.LastAppliedAsync(stop.Token);
        await MetAsync(scene, request => request.Sql.Contains("sp_getapplock", StringComparison.Ordinal));
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        Assert.IsTrue(scene.Requests.Any(request => request.Kind == "attention"));
    }

    [TestMethod]
    public async Task A_read_that_waits_is_ended_by_its_token()
    {
        await using var scene = Writing();
        scene.Script.First = request => IsRead(request) ? TdsAnswer.Waiting : null;
        await using var database = scene.Open();
        using var stop = new CancellationTokenSource();
        var reading = database.Source.ReadPageAsync(SqlServerScene.Query(true, ["id"], PeopleColumns), null, 10, long.MaxValue, stop.Token);
        await MetAsync(scene, IsRead);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);
    }

    [TestMethod]
    public async Task A_load_is_ended_by_its_token_while_its_rows_are_sent()
    {
        await using var scene = Writing();
        using var stop = new CancellationTokenSource();
        scene.Script.First = request =>
        {
            if (request.Sql.StartsWith("insert bulk", StringComparison.Ordinal)) stop.Cancel();
            return null;
        };
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        await Assert.ThrowsAsync<OperationCanceledException>(() => transaction.ApplyAsync(Batch([.. Enumerable.Range(0, 50_000).Select(at => $"{at}")]), stop.Token));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => transaction.CommitAsync(Cancel));
    }

    [TestMethod]
    public async Task A_refused_row_leaves_its_transaction_whole()
    {
        await using var scene = Writing();
        var merges = 0;
        scene.Script.First = request => request.Sql.StartsWith("INSERT INTO [people]", StringComparison.Ordinal) && merges++ == 1 ? new TdsAnswer().Error(2627, 14).Error(3621, 0).Done() : null;
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        await transaction.ApplyAsync(Batch("1"), Cancel);
        await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch("2"), Cancel));
        await transaction.ApplyAsync(Batch("3"), Cancel);
        await transaction.CommitAsync(Cancel);
        var sql = scene.Statements;
        Assert.AreEqual(1, scene.Requests.Count(request => request.Kind == "begin"));
        Assert.AreEqual(1, sql.Count(statement => statement == "ROLLBACK TRANSACTION exchange_write"));
        Assert.AreEqual(3, sql.Count(statement => statement == "SAVE TRANSACTION exchange_write"));
    }

    [TestMethod]
    public async Task A_transaction_that_a_trigger_ends_is_done_again_without_the_row_that_made_it()
    {
        await using var scene = Writing();
        var (merges, lost) = (0, false);
        scene.Script.First = request =>
        {
            if (request.Sql.Contains("XACT_STATE()", StringComparison.Ordinal) && lost)
            {
                lost = false;
                return new TdsAnswer().Value("int", 0).Done();
            }

            if (!request.Sql.StartsWith("INSERT INTO [people]", StringComparison.Ordinal) || merges++ != 2) return null;
            lost = true;
            return new TdsAnswer().Error(50000, 16, "编号无效").RolledBack().Error(3609, 16, "The transaction ended in the trigger. The batch has been aborted.").Done();
        };
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        await transaction.ApplyAsync(Batch("1"), Cancel);
        await transaction.WriteLedgerAsync(new LedgerEntry(1, "change", 1, 0, "d", DateTimeOffset.UnixEpoch), Cancel);
        await transaction.ApplyAsync(Batch("2"), Cancel);
        var fault = await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch("bad"), Cancel));
        StringAssert.Contains(fault.Message, "编号无效");
        await transaction.ApplyAsync(Batch("4"), Cancel);
        await transaction.CommitAsync(Cancel);
        Assert.AreEqual(2, scene.Requests.Count(request => request.Kind == "begin"));
        // After the second begin: rows 1, ledger 1, rows 2, then row 4, then the commit; the lock was asked for once and given back once.
        var again = scene.Requests.SkipWhile(request => request.Kind != "begin").Skip(1).SkipWhile(request => request.Kind != "begin").ToList();
        Assert.AreEqual("people,exchange_applied,people,people,COMMIT", string.Join(',', again.Select(request => request.Sql)
            .Where(sql => sql.StartsWith("INSERT INTO", StringComparison.Ordinal) || sql == "COMMIT").Select(sql => sql.Split('[', ']').ElementAtOrDefault(1) ?? sql)));
        Assert.AreEqual(1, scene.Statements.Count(sql => sql.Contains("sp_getapplock", StringComparison.Ordinal)));
        await transaction.DisposeAsync();
        Assert.AreEqual(1, scene.Statements.Count(sql => sql.Contains("sp_releaseapplock", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task A_full_whose_transaction_is_ended_while_it_deletes_is_held_and_writes_nothing_more()
    {
        await using var scene = Writing();
        scene.Script.First = request => request.Sql.StartsWith("DELETE t", StringComparison.Ordinal) ? new TdsAnswer().Error(50000).RolledBack().Done()
            : request.Sql.Contains("XACT_STATE()", StringComparison.Ordinal) ? new TdsAnswer().Value("int", 0).Done() : null;
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        var keys = RowBatch.Empty([("id", ItemType.String(20))]);
        ((BytesColumn)keys.Columns[0]).Append("1");
        keys.EndRow();
        await transaction.AddSeenAsync(keys, Cancel);
        await RefusedAsync(FrontEndFault.Standing, () => transaction.DeleteUnseenAsync(Cancel));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => transaction.CommitAsync(Cancel));
    }

    [TestMethod]
    public async Task A_row_that_a_trigger_took_away_in_silence_is_a_row_error()
    {
        await using var scene = Writing(triggers: true);
        scene.Script.First = request => request.Sql.StartsWith("SELECT COUNT_BIG(*) FROM #exchange_stage", StringComparison.Ordinal) ? new TdsAnswer().Value("bigint", 1L).Done() : null;
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        StringAssert.Contains((await RefusedAsync(FrontEndFault.Row, () => transaction.ApplyAsync(Batch("1", "2"), Cancel))).Message, "trigger");
        Assert.AreEqual(new ApplyCount(1, 0), await transaction.ApplyAsync(Batch("3"), Cancel));
    }

    [TestMethod]
    public async Task A_new_table_is_loaded_directly_until_a_key_is_met_that_stands()
    {
        await using var scene = new SqlServerScene(empty: true, columns: PeopleColumns, key: ["id"]);
        var loads = 0;
        scene.Script.First = request => request.Kind == "bulk" && ++loads == 2 ? new TdsAnswer().Error(2627, 14).Done() : null;
        await using var database = scene.Open();
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        await transaction.ApplyAsync(Batch("1", "2"), Cancel);
        await transaction.ApplyAsync(Batch("2", "3"), Cancel);
        await transaction.CommitAsync(Cancel);
        var bulk = scene.Requests.Where(request => request.Sql.StartsWith("insert bulk", StringComparison.Ordinal)).Select(request => request.Sql).ToList();
        StringAssert.Contains(bulk[0], "[people]");
        StringAssert.Contains(bulk[0], "KEEP_NULLS, CHECK_CONSTRAINTS, FIRE_TRIGGERS");
        StringAssert.Contains(bulk[2], "#exchange_stage");
        StringAssert.Contains(bulk[2], "TABLOCK");
        Assert.IsTrue(scene.Statements.Contains("ROLLBACK TRANSACTION exchange_direct"));
    }

    [TestMethod]
    public async Task A_connection_that_is_cut_is_transient()
    {
        await using var scene = Writing();
        scene.Script.First = request => request.Sql == "COMMIT" || IsRead(request) ? TdsAnswer.Cut : null;
        await using var database = scene.Open();
        await RefusedAsync(FrontEndFault.Transient, () => database.Source.ReadPageAsync(SqlServerScene.Query(true, ["id"], PeopleColumns), null, 10, long.MaxValue, Cancel));
        await using var transaction = await database.Target.BeginAsync(People, Cancel);
        await transaction.ApplyAsync(Batch("1"), Cancel);
        await RefusedAsync(FrontEndFault.Transient, () => transaction.CommitAsync(Cancel));
    }

    [TestMethod]
    [DataRow("Server=127.0.0.1,1;User ID=a;Password=never-shown;Connect Timeout=5", FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable)]
    [DataRow("sqlserver://a:never-shown@no-such-host.invalid:1433/db?connect timeout=5", FrontEndFault.Standing, ErrorCodes.FrontEndUnreachable)]
    [DataRow("Server=x;Pasword=never-shown", FrontEndFault.Standing, ErrorCodes.FrontEndUnfit)]
    [DataRow("sqlserver://a:never-shown@host:port/db", FrontEndFault.Standing, ErrorCodes.FrontEndUnfit)]
    [DataRow("sqlserver://a:never-shown@host/db?encrypt=perhaps", FrontEndFault.Standing, ErrorCodes.FrontEndUnfit)]
    [DataRow("Server=x;Authentication=ActiveDirectoryPassword;User ID=a;Password=never-shown", FrontEndFault.Standing, ErrorCodes.FrontEndUnfit)]
    public async Task A_server_that_is_not_met_is_told_without_the_password(string connectionString, FrontEndFault kind, string code)
    {
        await using var scene = new SqlServerScene();
        await using var database = scene.Open(connectionString);
        var fault = await RefusedAsync(kind, () => database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel));
        Assert.AreEqual(code, fault.Code);
        Assert.IsFalse((await database.CheckAsync(null, Cancel))[0].Ok);
    }

    [TestMethod]
    public async Task A_server_without_encryption_is_not_spoken_to_unless_the_connection_says_so()
    {
        await using var scene = new SqlServerScene();
        await using var database = scene.Open(scene.Connection.ConnectionString.Replace("Encrypt=False;", "", StringComparison.Ordinal));
        await Assert.ThrowsExactlyAsync<FrontEndException>(() => database.Source.ReadPageAsync(SqlServerScene.Query(true, ["编号"]), null, 10, long.MaxValue, Cancel));
        Assert.IsEmpty(scene.Requests);
    }
}
