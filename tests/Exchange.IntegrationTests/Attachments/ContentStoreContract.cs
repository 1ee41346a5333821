using Exchange.Bus.Attachments;
using Exchange.Bus.Log;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Rows;
using Exchange.IntegrationTests.Storage;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exchange.IntegrationTests.Attachments;

/// <summary>What a hub's contents must hold on every store: durable before they are referred to, kept as long as a kept batch refers to them, gone afterwards, never gone while they are needed.</summary>
public abstract class ContentStoreContract
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1), Hour = TimeSpan.FromHours(1);

    public TestContext TestContext { get; set; } = null!;

    protected abstract StoreEngine Engine { get; }

    CancellationToken Cancel => TestContext.CancellationToken;

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(AttachmentReference.PartBytes)]
    [DataRow(AttachmentReference.PartBytes + 1)]
    [DataRow((3 * AttachmentReference.PartBytes) - 1)]
    public async Task Contents_are_read_by_another_node_in_parts_as_they_were_put(int bytes)
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var contents = Contents(bytes);
        var (whole, pieces) = (await PutAsync(await NodeAsync(fixture), contents), await PutAsync(await NodeAsync(fixture), contents, inPieces: true));
        Assert.AreEqual(whole, pieces);
        var parts = await ReadAsync(await NodeAsync(fixture), whole);
        Assert.IsTrue(parts.SkipLast(1).All(part => part.Length == AttachmentReference.PartBytes));
        Assert.HasCount(Math.Max(1, (bytes + AttachmentReference.PartBytes - 1) / AttachmentReference.PartBytes), parts);
        CollectionAssert.AreEqual(contents, parts.SelectMany(part => part).ToArray());
        Assert.AreEqual(1, await PlacesAsync(fixture), "equal contents are kept once");
    }

    [TestMethod]
    public async Task Nodes_that_put_the_same_contents_at_once_keep_them_once()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var nodes = new[] { await NodeAsync(fixture), await NodeAsync(fixture), await NodeAsync(fixture) };
        var contents = Contents(2_000_000);
        var references = await Task.WhenAll(nodes.SelectMany(node => new[] { PutAsync(node, contents), PutAsync(node, contents, inPieces: true) }).ToArray());
        Assert.HasCount(1, references.Distinct());
        CollectionAssert.AreEqual(contents, (await ReadAsync(nodes[0], references[0])).SelectMany(part => part).ToArray());
        Assert.AreEqual(1, await PlacesAsync(fixture));
    }

    [TestMethod]
    public async Task What_was_begun_and_given_up_leaves_nothing()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        await using (var intake = node.Store.Begin())
        {
            await intake.AddAsync([Contents(10)], Cancel);
            await using var writer = await intake.BeginAsync(Cancel);
            await writer.WriteAsync(Contents(3_000_000), Cancel);
        }

        Assert.AreEqual(0, await PlacesAsync(fixture));
    }

    [TestMethod]
    public async Task Contents_stand_while_a_kept_batch_refers_to_them_and_go_a_day_after_the_last_one()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        var (kept, dropped, unused) = (await PutAsync(node, Contents(100)), await PutAsync(node, Contents(200)), await PutAsync(node, Contents(300)));
        await node.AppendAsync("r", BatchKind.Snapshot, 1, kept, dropped);
        await node.AppendAsync("other", BatchKind.Snapshot, 1, kept);
        fixture.Time.Advance(Day - Hour);
        Assert.AreEqual(0, await node.Store.SweepAsync(Cancel), "someone may be about to refer to them");
        fixture.Time.Advance(2 * Hour);
        Assert.AreEqual(1, await node.Store.SweepAsync(Cancel), "what nobody came to refer to");
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => ReadAsync(node, unused));

        fixture.Time.Advance(100 * Day);
        Assert.AreEqual(0, await node.Store.SweepAsync(Cancel), "however old");
        Assert.IsGreaterThan(0, await node.Log.DropAsync("r", 2, fixture.Time.GetUtcNow(), fixture.Time.GetUtcNow(), Cancel));
        Assert.AreEqual(0, await node.Store.SweepAsync(Cancel), "who has loaded the batch may be sending them");
        fixture.Time.Advance(Day + Hour);
        Assert.AreEqual(1, await node.Store.SweepAsync(Cancel));
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => ReadAsync(node, dropped));
        Assert.HasCount(1, await ReadAsync(node, kept));
        Assert.AreEqual(1, await PlacesAsync(fixture));
    }

    [TestMethod]
    public async Task A_batch_whose_contents_were_swept_meanwhile_is_not_appended()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        var (gone, there) = (await PutAsync(node, Contents(100)), await PutAsync(node, Contents(200)));
        fixture.Time.Advance(Day + Hour);
        await PutAsync(node, Contents(200)); // met again: touched
        Assert.AreEqual(1, await node.Store.SweepAsync(Cancel));
        Assert.AreEqual(ErrorCodes.StoreDamaged, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => node.AppendAsync("r", BatchKind.Change, 0, there, gone))).Code);
        Assert.IsNull(await node.Log.HeadAsync("r", Cancel));
        await node.AppendAsync("r", BatchKind.Change, 0, there);
        Assert.AreEqual(gone, await PutAsync(node, Contents(100)));
        await node.AppendAsync("r", BatchKind.Change, 0, there, gone);
    }

    [TestMethod]
    public async Task What_a_killed_process_left_goes_a_day_later()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        var placed = await node.Place.BeginAsync(Cancel);
        await placed.WriteAsync(Contents(3_000_000), Cancel);
        var finished = await node.Place.BeginAsync(Cancel); // durable, but nothing names it
        await finished.WriteAsync(Contents(5), Cancel);
        await finished.FinishAsync(new AttachmentReference(new string('a', 64), 5), Cancel);
        var named = await PutAsync(node, Contents(7));
        await node.AppendAsync("r", BatchKind.Change, 0, named);
        Assert.AreEqual(3, await PlacesAsync(fixture));
        AgeFiles(fixture);
        Assert.AreEqual(0, await node.Store.SweepAsync(Cancel));
        fixture.Time.Advance(Day + Hour);
        Assert.AreEqual(2, await node.Store.SweepAsync(Cancel));
        Assert.AreEqual(1, await PlacesAsync(fixture));
        Assert.HasCount(1, await ReadAsync(node, named));
        await placed.DisposeAsync();
    }

    [TestMethod]
    public async Task Contents_that_are_missing_or_changed_are_told_as_damage()
    {
        await using var fixture = await StoreFixture.CreateAsync(Engine);
        var node = await NodeAsync(fixture);
        var reference = await PutAsync(node, Contents(2_000_000));
        await DamageAsync(fixture);
        Assert.AreEqual(ErrorCodes.StoreDamaged, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => ReadAsync(node, reference))).Code);
        Assert.AreEqual(ErrorCodes.StoreDamaged, (await Assert.ThrowsExactlyAsync<ExchangeException>(() => ReadAsync(node, new AttachmentReference(new string('a', 64), 1).ToString()))).Code);
    }

    /// <summary>How many contents lie there, named or not.</summary>
    private protected abstract Task<int> PlacesAsync(StoreFixture fixture);

    /// <summary>Changes a byte of the only contents.</summary>
    private protected abstract Task DamageAsync(StoreFixture fixture);

    /// <summary>Files that are being written have the machine's time; the test's is another.</summary>
    private protected virtual void AgeFiles(StoreFixture fixture)
    {
    }

    static byte[] Contents(int bytes) => [.. Enumerable.Range(0, bytes).Select(at => (byte)(at * 31 + bytes))];

    async Task<string> PutAsync(Node node, byte[] contents, bool inPieces = false)
    {
        await using var intake = node.Store.Begin();
        string reference;
        if (inPieces)
        {
            await using var writer = await intake.BeginAsync(Cancel);
            foreach (var piece in contents.Chunk(300_000)) await writer.WriteAsync(piece, Cancel);
            reference = await writer.FinishAsync(Cancel);
        }
        else
        {
            reference = (await intake.AddAsync([contents, contents], Cancel)).Distinct().Single();
        }

        await intake.SealAsync(Cancel);
        return reference;
    }

    async Task<List<byte[]>> ReadAsync(Node node, string reference)
    {
        var parts = new List<byte[]>();
        await foreach (var part in node.Store.ReadAsync(reference, Cancel)) parts.Add(part.ToArray());
        return parts;
    }

    async Task<Node> NodeAsync(StoreFixture fixture)
    {
        var services = fixture.Node(more => more.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>)).AddLog().AddAttachments());
        await services.GetRequiredService<IMigrations>().MigrateAsync(LogRegistration.Migrations, Cancel);
        return new Node(services);
    }

    sealed class Node(ServiceProvider services)
    {
        public ContentStore Store => services.GetRequiredService<ContentStore>();

        public IContentPlace Place => services.GetRequiredService<IContentPlace>();

        public IResourceLog Log => services.GetRequiredService<IResourceLog>();

        public async Task AppendAsync(string resource, BatchKind kind, long fullStart, params string[] references)
        {
            var rows = RowBatch.Empty([("id", new ItemType(ItemKind.Int32)), ("scan", ItemType.Attachment)]);
            foreach (var reference in references.Append(null))
            {
                ((LongColumn)rows.Columns[0]).Append(rows.Count);
                if (reference is null) rows.Columns[1].AppendNull();
                else ((BytesColumn)rows.Columns[1]).Append(reference);
                rows.EndRow();
            }

            var payload = await Log.PrepareAsync(resource, rows, CancellationToken.None);
            await services.GetRequiredService<IStore>().WriteAsync(session => Log.AppendAsync(session, resource, new BatchHeader(kind, 1, fullStart), payload, CancellationToken.None), CancellationToken.None);
        }
    }
}

[TestClass]
public sealed class SqliteContentStoreTests : ContentStoreContract
{
    protected override StoreEngine Engine => StoreEngine.Sqlite;

    private protected override Task<int> PlacesAsync(StoreFixture fixture) => Task.FromResult(Files(fixture).Count());

    private protected override Task DamageAsync(StoreFixture fixture)
    {
        using var file = File.OpenWrite(Files(fixture).Single());
        file.Position = 1_500_000;
        file.WriteByte(255);
        return Task.CompletedTask;
    }

    private protected override void AgeFiles(StoreFixture fixture)
    {
        foreach (var file in Files(fixture)) File.SetLastWriteTimeUtc(file, fixture.Time.GetUtcNow().UtcDateTime);
    }

    static IEnumerable<string> Files(StoreFixture fixture) => Path.Combine(fixture.Options.DataFolder, "attachments") is var folder && Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [];
}

[TestClass]
public sealed class PostgreSqlContentStoreTests : ContentStoreContract
{
    protected override StoreEngine Engine => StoreEngine.PostgreSql;

    private protected override async Task<int> PlacesAsync(StoreFixture fixture) => Convert.ToInt32((await fixture.Database.QueryAsync("SELECT count(DISTINCT place) FROM bus_attachment_part"))[0][0], System.Globalization.CultureInfo.InvariantCulture);

    private protected override Task DamageAsync(StoreFixture fixture) => fixture.Database.ExecuteAsync("UPDATE bus_attachment_part SET content = set_byte(content, 400000, 255) WHERE part = 1");
}
