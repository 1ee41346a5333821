using Exchange.Adapters.Database.SqlServer;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database.SqlServer;

/// <summary>Every statement that the adapter can make is one for SQL Server 2016, and no value is a part of any. Held by the parser of Microsoft's own tools, without a server.</summary>
[TestClass]
public sealed class SqlServerStatementTests
{
    public TestContext TestContext { get; set; } = null!;

    CancellationToken Cancel => TestContext.CancellationToken;

    static readonly ItemType Text = new(ItemKind.Text);

    static Dictionary<string, object?> Row(int id) => SqlServerScene.Columns.ToDictionary(column => column.Name, column => (object?)(column.Type switch
    {
        "int" => id,
        "tinyint" or "smallint" or "bigint" or "timestamp" => 7L,
        "bit" => true,
        "decimal" or "money" => 1.25m,
        "real" => 0.1f,
        "float" => 0.1d,
        "date" or "datetime" or "smalldatetime" or "datetime2" => new DateTime(2026, 7, 1),
        "datetimeoffset" => new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.FromHours(8)),
        "uniqueidentifier" => Guid.Parse("6b29fc40-ca47-1067-b31d-00dd010662da"),
        "varbinary" or "image" => new byte[] { 1, 2 },
        _ => SqlServerScene.Sentinel,
    }), StringComparer.Ordinal);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Those_that_read_a_source_in_every_way(bool snapshot)
    {
        await using var scene = new SqlServerScene(snapshot) { Rows = [Row(1), Row(2)] };
        await using var database = scene.Open();
        foreach (var column in SqlServerScene.Columns)
        {
            List<string> key = ["编号", .. column.Name == "编号" ? Array.Empty<string>() : [column.Name]];
            var query = SqlServerScene.Query(unique: true, key);
            // One row a page: the second is left where it is, and the next read begins after the first.
            var first = await database.Source.ReadPageAsync(query, null, 1, long.MaxValue, Cancel);
            await database.Source.ReadPageAsync(query, first.Resume, 1, long.MaxValue, Cancel);
            await database.Source.ReadPageAsync(query, "n.3", 2, long.MaxValue, Cancel);
            var grouped = query with { KeyIsUnique = false, Latest = ["datetime2", "max"] };
            await database.Source.ReadPageAsync(grouped, first.Resume, 2, long.MaxValue, Cancel);
            await database.Source.ReadPageAsync(grouped with { Latest = [] }, null, 2, long.MaxValue, Cancel);
            await database.Source.ReadPageAsync(grouped, "n.3", 2, long.MaxValue, Cancel);
            var keys = RowBatch.Empty(key.Select(item => (item, first.Rows[item].Type)));
            for (var at = 0; at < 3; at++)
            {
                for (var part = 0; part < key.Count; part++) keys.Columns[part].AppendFrom(first.Rows[key[part]], 0);
                keys.EndRow();
            }

            await database.Source.ReadKeysAsync(query, keys, long.MaxValue, Cancel);
            await database.Source.ReadKeysAsync(grouped, keys, long.MaxValue, Cancel);
            if (column.Type is "xml" or "geography" or "json" or "image" or "text" or "ntext") continue;
            var point = await database.Source.TrackAsync(query, column.Name, Cancel);
            Assert.IsNotNull(point.Greatest, column.Name);
            var bound = new TrackBound { Columns = [column.Name], From = point.Greatest, Earlier = TimeSpan.FromMinutes(10), Lower = 100 };
            var tracked = await database.Source.ReadTrackedAsync(query with { Key = ["编号", "order]"] }, bound, null, 1, long.MaxValue, Cancel);
            Assert.IsNotNull(tracked.Resume, column.Name);
            await database.Source.ReadTrackedAsync(query with { Key = ["编号", "order]"] }, bound, tracked.Resume, 1, long.MaxValue, Cancel);
        }

        await database.DescribeQueryAsync("SELECT a FROM t -- all\n;", Cancel);
        await database.DescribeAsync(SqlServerScene.Table, Cancel);
        await database.CheckAsync(SqlServerScene.Query(true, ["编号"]), Cancel);
        Holds(scene, atLeast: 400);
    }

    [TestMethod]
    public async Task Those_of_triggers_and_change_logs()
    {
        await using var scene = new SqlServerScene();
        await using var database = scene.Open();
        foreach (var owner in new[] { null, "other" })
            foreach (var table in new[] { SqlServerScene.Table, new TableName(null, new string('表', 128)) })
            {
                var target = new CaptureTarget(table, ["编号", "order]", "a\"b'c`d", "version", "path"], owner);
                await database.Capture.StatusAsync(target, Cancel);
                await database.Capture.InstallAsync(target, Cancel);
                await database.Capture.ReadAsync(target, 100, Cancel);
                await database.Capture.AcknowledgeAsync(target, [.. Enumerable.Range(1, 1_500).Select(id => (long)id)], Cancel);
                await database.Capture.RemoveAsync(target, Cancel);
            }

        // A log that lacks a key's column, and a trigger that was altered.
        scene.Script.First = request => request.Sql.Contains("SELECT c.name FROM sys.columns", StringComparison.Ordinal) ? new TdsAnswer().Rows([new("name", "nvarchar(128)")], ["exchange_id"], ["exchange_op"]).Done()
            : request.Sql.Contains("FROM sys.triggers AS g WHERE", StringComparison.Ordinal) ? new TdsAnswer().Rows([new("name", "nvarchar(128)"), new("text", "nvarchar(max)"), new("disabled", "int"), new("instead", "int")], ["exchange_u_t", "CREATE", 0, 0]).Done() : null;
        await database.Capture.InstallAsync(new CaptureTarget(new TableName(null, "t"), ["编号"], null), Cancel);
        Assert.IsTrue(scene.Statements.Any(sql => sql.StartsWith("ALTER TABLE [exchange_changelog_t] ADD [编号] int NULL", StringComparison.Ordinal)));
        Assert.IsTrue(scene.Statements.Contains("DROP TRIGGER [exchange_u_t]"));
        Holds(scene, atLeast: 40);
    }

    [TestMethod]
    [DataRow(DeletePolicy.Apply, false)]
    [DataRow(DeletePolicy.Tombstone, false)]
    [DataRow(DeletePolicy.Tombstone, true)]
    public async Task Those_that_write_a_target(DeletePolicy deletes, bool triggers)
    {
        var target = Target(deletes);
        foreach (var empty in new[] { true, false })
        {
            await using var scene = new SqlServerScene(empty: empty, triggers: triggers, columns: TargetColumns(deletes), key: ["order]", "narrow", "bin", "part"]);
            scene.Script.First = request => request.Sql.Contains("COUNT_BIG(*)", StringComparison.Ordinal) && request.Sql.Contains("#exchange_stage", StringComparison.Ordinal) ? new TdsAnswer().Value("bigint", 2L).Done() : null;
            await using var database = scene.Open();
            Assert.IsEmpty(await database.Target.EnsureAsync(target, create: true, Cancel));
            await using (var transaction = await database.Target.BeginAsync(target, Cancel))
            {
                await transaction.LastAppliedAsync(Cancel);
                await transaction.ApplyAsync(Batch(target), Cancel);
                await transaction.ApplyAsync(Batch(target, RowOperation.Delete), Cancel);
                await transaction.AddSeenAsync(Keys(target), Cancel);
                await transaction.DeleteUnseenAsync(Cancel);
                await transaction.ResetLedgerAsync(Cancel);
                await transaction.WriteLedgerAsync(new LedgerEntry(7, "change", 1, 1, SqlServerScene.Sentinel, DateTimeOffset.UnixEpoch), Cancel);
                await transaction.CommitAsync(Cancel);
            }

            Holds(scene, atLeast: 18);
        }
    }

    [TestMethod]
    [DataRow(false, "blob")]
    [DataRow(true, "image")]
    public async Task Those_that_read_contents_apart_and_send_them(bool snapshot, string column)
    {
        await using var scene = new SqlServerScene(snapshot);
        await using var database = scene.Open();
        byte[] contents = [.. Enumerable.Range(0, 200_000).Select(at => (byte)(at % 251))];
        scene.Script.First = request => request.Sql switch
        {
            var sql when sql.Contains("CASE WHEN CONVERT(bigint, DATALENGTH(", StringComparison.Ordinal) =>
                new TdsAnswer().Rows([new("k", "int"), new("编号", "int"), new("small", "varbinary(max)"), new("size", "bigint")], [[7, 7, null, (long)contents.Length]]).Done(),
            var sql when sql.StartsWith("SELECT CONVERT(varbinary(max), ", StringComparison.Ordinal) => new TdsAnswer().Rows([new("contents", "varbinary(max)")], [[contents]]).Done(),
            _ => null,
        };
        var query = SqlServerScene.Query(unique: true, ["编号"]) with { Columns = [new("编号", "编号"), new("scan", column) { Part = CellPart.Small }, new("size", column) { Part = CellPart.Size }], LargestCell = 1000 };
        var key = RowBatch.Empty([("编号", new ItemType(ItemKind.Int32))]);
        ((LongColumn)key.Columns[0]).Append(7);
        key.EndRow();
        var taker = new Taker();
        var page = await database.Source.ReadContentsAsync(query, key, taker, Cancel);
        Assert.AreEqual(contents.Length, ((LongColumn)page.Rows["size"])[0]);
        CollectionAssert.AreEqual(contents, taker.Taken);
        Assert.IsGreaterThan(1, taker.Pieces);

        // The further part stands.
        scene.Script.First = request => request.Sql.Contains("[part] > 0", StringComparison.Ordinal) ? new TdsAnswer().Rows([new("counted", "int")], [[1]]).Done() : null;
        var table = new AttachmentTableWriter(new SqlServerTarget(new SqlServerDialect(), TimeProvider.System), scene.Connection);
        await table.WriteAsync(Target(DeletePolicy.Apply), SqlServerScene.Sentinel, PartsAsync(), Cancel);
        Holds(scene, atLeast: 5);

        async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync()
        {
            await Task.Yield();
            yield return contents;
            yield return contents;
        }
    }

    sealed class Taker : IContentTaker
    {
        public List<byte> Taken { get; } = [];

        public int Pieces { get; private set; }

        public bool Wants(string item, long size) => item == "scan" && size == 200_000;

        public ValueTask TakeAsync(string item, ReadOnlyMemory<byte> piece, CancellationToken cancel)
        {
            Taken.AddRange(piece.Span);
            Pieces++;
            return ValueTask.CompletedTask;
        }
    }

    [TestMethod]
    public async Task Those_that_make_and_widen_tables_and_write_errors()
    {
        await using var scene = new SqlServerScene();
        await using var database = scene.Open();
        scene.Script.First = request => request.Sql.Contains("SELECT o.type FROM sys.objects", StringComparison.Ordinal) ? new TdsAnswer().Rows([new("type", "nvarchar(2)")]).Done() : null;
        var target = Target(DeletePolicy.Tombstone) with { Columns = [.. Target(DeletePolicy.Apply).Columns.Select(column => column.Type.Kind == ItemKind.Binary ? column with { Type = ItemType.String(300) } : column)] };
        Assert.IsEmpty(await database.Target.EnsureAsync(target, create: true, Cancel));
        Assert.IsTrue(scene.Statements.Any(sql => sql.Contains("PRIMARY KEY NONCLUSTERED", StringComparison.Ordinal)));

        var errors = new ErrorTable(new TableName(null, "jg_error"), ["check_no", "检查'日期]"]);
        await database.Errors.EnsureAsync(errors, Cancel);
        var row = new ErrorRow { Id = SqlServerScene.Sentinel, Values = ["A-1", SqlServerScene.Sentinel], Batch = 7, Rule = "required", Message = SqlServerScene.Sentinel, Time = DateTimeOffset.UnixEpoch };
        await database.Errors.WriteAsync(errors, [.. Enumerable.Range(0, 500).Select(at => row with { Id = row.Id + at, Value = at % 2 == 0 ? null : row.Id })], Cancel);
        await database.Errors.CloseAsync(errors, [.. Enumerable.Range(0, 2_500).Select(at => (row.Id + at, 8L))], Cancel);

        scene.Script.First = request => null;
        await using var narrow = new SqlServerScene(columns: [new("id", 231, "nvarchar", 80, Collation: SqlServerScene.ByCodePoint, Nullable: false)], key: ["id"]);
        await using var other = narrow.Open();
        Assert.IsEmpty(await other.Target.EnsureAsync(new TargetTable { Subscription = "s", Table = new TableName(null, "t"), Columns = [new("id", ItemType.String(20), true, null), new("more", Text, false, null)], Key = ["id"] }, create: true, Cancel));
        Assert.IsTrue(narrow.Statements.Contains("ALTER TABLE [t] ADD [more] nvarchar(max)"));
        Holds(scene, atLeast: 20);
        Holds(narrow, atLeast: 4);
    }

    static void Holds(SqlServerScene scene, int atLeast)
    {
        var statements = scene.Statements.Distinct(StringComparer.Ordinal).ToList();
        Assert.IsGreaterThanOrEqualTo(atLeast, scene.Statements.Count, "statements that were looked at");
        foreach (var sql in statements)
        {
            var errors = ScriptedSelect.Parse(sql).Errors;
            Assert.IsEmpty(errors, $"{string.Join("; ", errors.Select(error => $"{error.Line}:{error.Column} {error.Message}"))} in\n{sql}");
            Assert.IsFalse(sql.Contains(SqlServerScene.Sentinel, StringComparison.Ordinal) || sql.Contains(SqlServerScene.Sentinel.Replace("'", "''", StringComparison.Ordinal), StringComparison.Ordinal), "a value in " + sql);
        }

        // What describes a source is itself a statement.
        foreach (var described in scene.Requests.Where(request => request.Sql.Contains("sp_describe", StringComparison.Ordinal)).Select(request => request.Argument).Distinct())
            Assert.IsEmpty(ScriptedSelect.Parse(described).Errors, described);
    }

    static TargetTable Target(DeletePolicy deletes) => new()
    {
        Subscription = "s'; --",
        Table = SqlServerScene.Table,
        Columns =
        [
            new("order]", ItemType.String(20), true, "编号 'n]"), new("narrow", ItemType.String(5), true, null), new("bin", new ItemType(ItemKind.Binary), true, null), new("part", new ItemType(ItemKind.Int64), true, null),
            new("text", Text, false, null), new("long", ItemType.String(3_000), false, null), new("a\"b'c`d", ItemType.String(10), false, null), new("i32", new ItemType(ItemKind.Int32), false, null),
            new("dec", ItemType.Decimal(12, 2), false, null), new("real", new ItemType(ItemKind.Double), false, null), new("flag", new ItemType(ItemKind.Boolean), false, null), new("day", new ItemType(ItemKind.Date), false, null),
            new("at", new ItemType(ItemKind.Timestamp), false, null), new("raw", new ItemType(ItemKind.Binary), false, null), new("pic", new ItemType(ItemKind.Binary), false, null),
        ],
        Key = ["order]", "narrow", "bin", "part"],
        Deletes = deletes,
        Scope = new Dictionary<string, string> { ["part"] = "4", ["order]"] = SqlServerScene.Sentinel },
        Title = "It's [a] title",
    };

    static ScriptedColumn[] TargetColumns(DeletePolicy deletes) =>
    [
        new("order]", 231, "nvarchar", 80, Collation: SqlServerScene.ByCodePoint, Nullable: false), new("narrow", 167, "varchar", 20, Collation: "Chinese_PRC_BIN2", Nullable: false, CodePage: 936), new("bin", 165, "varbinary", -1, Nullable: false),
        new("part", 127, "bigint", 8, Nullable: false), new("text", 99, "ntext", 16, Collation: SqlServerScene.Chinese), new("long", 231, "nvarchar", -1, Collation: SqlServerScene.Chinese),
        new("a\"b'c`d", 167, "varchar", 100, Collation: SqlServerScene.Chinese, CodePage: 936), new("i32", 56, "int", 4), new("dec", 106, "decimal", 9, 12, 2), new("real", 62, "float", 8, 53), new("flag", 104, "bit", 1),
        new("day", 40, "date", 3), new("at", 43, "datetimeoffset", 10, 33, 6), new("raw", 165, "varbinary", -1), new("pic", 34, "image", 16),
        .. deletes == DeletePolicy.Tombstone ? new ScriptedColumn[] { new("exchange_deleted", 104, "bit", 1, Nullable: false), new("exchange_deleted_at", 42, "datetime2", 8, 26, 6) } : [],
    ];

    static RowBatch Batch(TargetTable target, RowOperation operation = RowOperation.Upsert)
    {
        var batch = RowBatch.Empty(target.Columns.Select(column => (column.Name, column.Type)));
        for (var row = 0; row < 2; row++)
        {
            for (var at = 0; at < target.Columns.Count; at++)
                if (operation == RowOperation.Delete && !target.Key.Contains(target.Columns[at].Name)) batch.Columns[at].AppendNull();
                else Append(batch.Columns[at], row);
            batch.EndRow(operation);
        }

        return batch;
    }

    static RowBatch Keys(TargetTable target)
    {
        var batch = RowBatch.Empty(target.Key.Select(key => (key, target.Columns.First(column => column.Name == key).Type)));
        foreach (var column in batch.Columns) Append(column, 1);
        batch.EndRow();
        return batch;
    }

    static void Append(Column column, int row)
    {
        switch (column)
        {
            case BytesColumn bytes when column.Type.Kind == ItemKind.Binary: bytes.Append([(byte)row]); break;
            case BytesColumn text: text.Append(column.Type.Length is > 0 and < 10 ? "甲" + row : SqlServerScene.Sentinel + row); break;
            case DecimalColumn number: number.Append(1.25m); break;
            case DoubleColumn number: number.Append(0.1); break;
            case LongColumn number: number.Append(column.Type.Kind == ItemKind.Boolean ? 1 : row); break;
        }
    }
}
