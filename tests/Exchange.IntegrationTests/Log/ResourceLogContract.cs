using Exchange.Bus.Log;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;

namespace Exchange.IntegrationTests.Log;

/// <summary>What the log must hold on every store.</summary>
public abstract class ResourceLogContract
{
    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    protected CancellationToken Cancel => TestContext.CancellationToken;

    /// <summary>Changes one byte of a batch's payload, or removes it, behind the log's back.</summary>
    private protected abstract Task DamageAsync(StoreFixture fixture, LogBatch batch, bool remove);

    [TestMethod]
    public async Task Appended_rows_are_read_by_another_node_as_they_were()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var (one, other) = (await BusNode.CreateAsync(fixture, Cancel), await BusNode.CreateAsync(fixture, Cancel));
        var rows = BusNode.Rows(("1", "检查😀"), ("2", null), ("3", "-"));
        var appended = await one.AppendAsync(rows, Cancel, run: 7);
        var read = (await other.Log.ReadAsync("r", 0, 10, Cancel)).Single();
        Assert.AreEqual(appended, read);
        Assert.AreEqual((1L, BatchKind.Change, BatchState.Visible, 7L, 2L, 1L), (read.Number, read.Kind, read.State, read.Run, read.Upserts, read.Deletes));
        Assert.AreEqual(fixture.Time.GetUtcNow(), read.AppendedAt);
        var loaded = await other.Log.LoadAsync(read, Cancel);
        CollectionAssert.AreEqual(rows.Operations.ToArray(), loaded.Operations.ToArray());
        CollectionAssert.AreEqual(new[] { "检查😀", null, null }, Enumerable.Range(0, 3).Select(loaded["name"].TextAt).ToArray());
    }

    [TestMethod]
    public async Task A_payload_larger_than_one_part_comes_back_whole()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var noise = new byte[9 * 1024 * 1024];
        new Random(1).NextBytes(noise);
        var rows = RowBatch.Empty([("raw", new ItemType(ItemKind.Binary))]);
        ((BytesColumn)rows.Columns[0]).Append(noise.AsSpan());
        rows.EndRow();
        var batch = await node.AppendAsync(rows, Cancel, known: false);
        Assert.IsGreaterThan(noise.Length, batch.PayloadBytes);
        Assert.IsTrue((await node.Log.LoadAsync(batch, Cancel)).Columns[0].SameValue(0, rows.Columns[0], 0));
    }

    [TestMethod]
    public async Task Numbers_have_no_gaps_and_digests_are_a_chain_when_nodes_append_at_the_same_time()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        BusNode[] nodes = [await BusNode.CreateAsync(fixture, Cancel), await BusNode.CreateAsync(fixture, Cancel)];
        await Task.WhenAll(nodes.SelectMany((node, n) => Enumerable.Range(0, 4).Select(at => Task.Run(() => node.AppendAsync(BusNode.Rows(($"{n}-{at}", "x")), Cancel), Cancel))));
        var batches = await nodes[0].Log.ReadAsync("r", 0, 100, Cancel);
        CollectionAssert.AreEqual(Enumerable.Range(1, 8).Select(number => (long)number).ToArray(), batches.Select(batch => batch.Number).ToArray());
        var previous = BatchRow.NoDigest;
        foreach (var batch in batches)
        {
            Assert.AreEqual(previous, batch.PreviousDigest);
            Assert.AreEqual(BatchRow.Chain(previous, batch.Number, batch.Kind, batch.PayloadDigest), batch.Digest);
            previous = batch.Digest;
        }
    }

    [TestMethod]
    public async Task An_append_that_is_undone_gives_its_number_back()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var payload = await node.Log.PrepareAsync("r", BusNode.Rows(("1", "lost")), Cancel);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => node.WriteAsync(async session =>
        {
            await node.Log.AppendAsync(session, "r", new BatchHeader(BatchKind.Change, 1), payload, Cancel);
            throw new InvalidDataException();
        }, Cancel));
        Assert.IsNull(await node.Log.HeadAsync("r", Cancel));
        Assert.AreEqual(1L, (await node.AppendAsync(BusNode.Rows(("1", "kept")), Cancel)).Number);
    }

    [TestMethod]
    public async Task Each_resource_has_a_log_of_its_own()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel);
        var other = await node.AppendAsync(BusNode.Rows(("1", "b")), Cancel, resource: "s");
        Assert.AreEqual((1L, BatchRow.NoDigest), (other.Number, other.PreviousDigest));
        Assert.AreEqual(1L, (await node.Log.HeadAsync("r", Cancel))!.Number);
        await node.AppendAsync(BusNode.Rows(("2", "a")), Cancel);
        var heads = await node.Log.HeadsAsync(["r", "s", "none"], Cancel);
        Assert.AreEqual("r 2, s 1", string.Join(", ", heads.OrderBy(head => head.Key).Select(head => $"{head.Key} {head.Value}")));
    }

    [TestMethod]
    public async Task Pending_batches_of_a_run_become_visible_or_discarded_those_of_others_stay()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel, run: 1);
        await node.AppendAsync(BusNode.Rows(("1", "b")), Cancel, run: 2, pending: true);
        await node.AppendAsync(BusNode.Rows(("1", "c")), Cancel, run: 3, pending: true);
        await node.WriteAsync(session => node.Log.SettleAsync(session, "r", 2, BatchState.Discarded, Cancel), Cancel);
        await node.WriteAsync(session => node.Log.SettleAsync(session, "r", 1, BatchState.Discarded, Cancel), Cancel);
        Assert.AreEqual("Visible Discarded Pending", await StatesAsync(node));
        await node.WriteAsync(session => node.Log.SettleAsync(session, "r", 3, BatchState.Visible, Cancel), Cancel);
        Assert.AreEqual("Visible Discarded Visible", await StatesAsync(node));
    }

    [TestMethod]
    public async Task The_newest_mark_is_of_the_newest_full_that_is_visible()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        Assert.IsNull(await node.Log.NewestMarkAsync("r", Cancel));
        var first = await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel, BatchKind.Snapshot, fullStart: -1);
        Assert.AreEqual(1L, first.FullStart);
        await node.AppendAsync(BusNode.Rows(), Cancel, BatchKind.Mark, fullStart: first.FullStart);
        await node.AppendAsync(BusNode.Rows(("2", "b")), Cancel, BatchKind.Snapshot, run: 2, fullStart: -1, pending: true);
        await node.AppendAsync(BusNode.Rows(), Cancel, BatchKind.Mark, run: 2, fullStart: 3, pending: true);
        await node.AppendAsync(BusNode.Rows(("3", "c")), Cancel);
        Assert.AreEqual((2L, 1L), ((await node.Log.NewestMarkAsync("r", Cancel))!.Number, (await node.Log.NewestMarkAsync("r", Cancel))!.FullStart));
        await node.WriteAsync(session => node.Log.SettleAsync(session, "r", 2, BatchState.Visible, Cancel), Cancel);
        Assert.AreEqual(4L, (await node.Log.NewestMarkAsync("r", Cancel))!.Number);
    }

    [TestMethod]
    public async Task Reading_goes_on_after_a_number_and_stops_at_the_most()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        for (var at = 0; at < 5; at++) await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel);
        CollectionAssert.AreEqual(new long[] { 3, 4 }, (await node.Log.ReadAsync("r", 2, 2, Cancel)).Select(batch => batch.Number).ToArray());
        Assert.AreEqual(4L, (await node.Log.FindAsync("r", 4, Cancel))!.Number);
        Assert.IsNull(await node.Log.FindAsync("r", 6, Cancel));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task A_payload_that_was_damaged_or_removed_is_never_delivered(bool remove)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var batch = await node.AppendAsync(BusNode.Rows(("1", "a")), Cancel);
        await DamageAsync(fixture, batch, remove);
        var other = await BusNode.CreateAsync(fixture, Cancel);
        var refused = await Assert.ThrowsExactlyAsync<ExchangeException>(() => other.Log.LoadAsync(batch, Cancel));
        Assert.AreEqual(ErrorCodes.StoreDamaged, refused.Code);
        StringAssert.Contains(refused.Message, "batch 1 of resource 'r'", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task What_a_node_has_just_appended_it_need_not_decode_but_an_undone_append_leaves_nothing_behind()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var rows = BusNode.Rows(("1", "a"));
        var batch = await node.AppendAsync(rows, Cancel);
        Assert.AreSame(rows, await node.Log.LoadAsync(batch, Cancel));

        var undone = BusNode.Rows(("2", "undone"));
        var payload = await node.Log.PrepareAsync("r", undone, Cancel);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => node.WriteAsync(async session =>
        {
            await node.Log.AppendAsync(session, "r", new BatchHeader(BatchKind.Change, 1), payload, Cancel);
            throw new InvalidOperationException("undo");
        }, Cancel));
        var second = await (await BusNode.CreateAsync(fixture, Cancel)).AppendAsync(BusNode.Rows(("2", "stands")), Cancel);
        Assert.AreEqual(2, second.Number);
        Assert.AreEqual("stands", (await node.Log.LoadAsync(second, Cancel))["name"].TextAt(0));
    }

    async Task<string> StatesAsync(BusNode node) => string.Join(' ', (await node.Log.ReadAsync("r", 0, 10, Cancel)).Select(batch => batch.State));
}

[TestClass]
public sealed class PostgreSqlResourceLogTests : ResourceLogContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    private protected override Task DamageAsync(StoreFixture fixture, LogBatch batch, bool remove) =>
        fixture.Database.ExecuteAsync(remove ? "DELETE FROM bus_log_payload" : "UPDATE bus_log_payload SET content = set_byte(content, 100, get_byte(content, 100) # 1)");
}

[TestClass]
public sealed class SqliteResourceLogTests : ResourceLogContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;

    private protected override async Task DamageAsync(StoreFixture fixture, LogBatch batch, bool remove)
    {
        var file = Files(fixture).Single();
        var content = await File.ReadAllBytesAsync(file, Cancel);
        content[100] ^= 1;
        if (remove) File.Delete(file);
        else await File.WriteAllBytesAsync(file, content, Cancel);
    }

    [TestMethod]
    public async Task The_sweep_removes_only_old_files_that_no_batch_names()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "kept")), Cancel);
        await node.Log.PrepareAsync("r", BusNode.Rows(("2", "dropped")), Cancel);
        Assert.AreEqual(0, await node.Sweep.SweepAsync(Cancel));
        fixture.Time.Advance(PayloadSweep.Age + TimeSpan.FromMinutes(1));
        await node.Log.PrepareAsync("r", BusNode.Rows(("3", "just prepared")), Cancel);
        Assert.AreEqual(1, await node.Sweep.SweepAsync(Cancel));
        Assert.HasCount(2, Files(fixture));
        await node.Log.LoadAsync((await node.Log.HeadAsync("r", Cancel))!, Cancel);
    }

    [TestMethod]
    public async Task A_payload_that_the_sweep_might_take_is_not_appended()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        var payload = await node.Log.PrepareAsync("r", BusNode.Rows(("1", "late")), Cancel);
        fixture.Time.Advance(PayloadFiles.Validity + TimeSpan.FromSeconds(1));
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => node.WriteAsync(session => node.Log.AppendAsync(session, "r", new BatchHeader(BatchKind.Change, 1), payload, Cancel), Cancel));
        Assert.IsNull(await node.Log.HeadAsync("r", Cancel));
    }

    [TestMethod]
    public async Task Payloads_can_be_read_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await BusNode.CreateAsync(fixture, Cancel);
        await node.AppendAsync(BusNode.Rows(("1", "personal")), Cancel);
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files(fixture).Single()));
    }

    static string[] Files(StoreFixture fixture) => Directory.GetFiles(Path.Combine(fixture.Options.DataFolder, "log"), "*", SearchOption.AllDirectories);
}
