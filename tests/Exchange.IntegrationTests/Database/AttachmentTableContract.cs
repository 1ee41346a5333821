using System.Globalization;
using System.Runtime.CompilerServices;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.IntegrationTests.Database;

/// <summary>Contents at a target: whole or not there, written once whoever writes them.</summary>
public abstract class AttachmentTableContract(string provider) : TargetSuite(provider)
{
    static readonly string Reference = new AttachmentReference(new string('a', 64), (3 * AttachmentReference.PartBytes) - 1).ToString();

    [TestMethod]
    public async Task Contents_are_whole_when_part_0_stands_and_not_before()
    {
        var (table, target) = await PreparedAsync();
        Assert.IsEmpty(await table.WholeAsync(target, [Reference], Cancel));
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => table.WriteAsync(target, Reference, PartsAsync(failing: true), Cancel));
        Assert.IsEmpty(await table.WholeAsync(target, [Reference], Cancel), "broken off");
        await table.WriteAsync(target, Reference, PartsAsync(), Cancel);
        await table.WriteAsync(target, Reference, PartsAsync(), Cancel);
        string[] many = [Reference, .. Enumerable.Range(0, 500).Select(size => new AttachmentReference(new string('b', 64), size).ToString())];
        CollectionAssert.AreEqual(new[] { Reference }, (await table.WholeAsync(target, many, Cancel)).ToArray());
        Assert.AreEqual($"0:{AttachmentReference.PartBytes} 1:{AttachmentReference.PartBytes} 2:{AttachmentReference.PartBytes - 1}", await StandingAsync());
    }

    [TestMethod]
    public async Task Empty_contents_are_one_empty_part()
    {
        var (table, target) = await PreparedAsync();
        await table.WriteAsync(target, Reference, EmptyAsync(), Cancel);
        Assert.AreEqual("0:0", await StandingAsync());
    }

    [TestMethod]
    public async Task Many_small_contents_are_written_together_and_those_that_stand_are_left()
    {
        var (table, target) = await PreparedAsync();
        List<(string Reference, ReadOnlyMemory<byte> Content)> contents = [.. Enumerable.Range(0, 50).Select(at => (new AttachmentReference(new string('c', 64), at).ToString(), (ReadOnlyMemory<byte>)new byte[at]))];
        await table.WriteSmallAsync(target, [.. contents.Take(20)], Cancel);
        await Task.WhenAll(table.WriteSmallAsync(target, contents, Cancel), table.WriteSmallAsync(target, [.. contents.AsEnumerable().Reverse()], Cancel));
        Assert.HasCount(50, await table.WholeAsync(target, [.. contents.Select(one => one.Reference)], Cancel));
        Assert.AreEqual(string.Join(' ', Enumerable.Range(0, 50).Select(at => $"0:{at}")), string.Join(' ', (await StandingAsync()).Split(' ').OrderBy(part => int.Parse(part[2..], CultureInfo.InvariantCulture))));
    }

    [TestMethod]
    public async Task Two_subscriptions_that_send_the_same_contents_at_once_write_them_once()
    {
        var (table, target) = await PreparedAsync();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(at => table.WriteAsync(target with { Subscription = $"s{at}" }, Reference, PartsAsync(), Cancel)));
        Assert.AreEqual($"0:{AttachmentReference.PartBytes} 1:{AttachmentReference.PartBytes} 2:{AttachmentReference.PartBytes - 1}", await StandingAsync());
    }

    [TestMethod]
    public async Task The_table_is_made_only_where_there_are_attachments()
    {
        var target = Target();
        Assert.IsEmpty(await Writer().EnsureAsync(target with { AttachmentColumns = [] }, create: true, Cancel));
        Assert.IsFalse(await HasTableAsync());
        Assert.IsEmpty(await Writer().EnsureAsync(target, create: true, Cancel));
        Assert.IsTrue(await HasTableAsync());
        Assert.IsEmpty(await Writer().EnsureAsync(target, create: true, Cancel));

        async Task<bool> HasTableAsync()
        {
            await using var session = await Dialect.OpenAsync(Connection, Cancel);
            return await Dialect.DescribeAsync(session, Connection, new TableName(null, "exchange_attachment"), Cancel) is not null;
        }
    }

    static TargetTable Target() => new()
    {
        Subscription = "s", Table = new TableName(null, "copy"), Key = ["id"], AttachmentColumns = ["scan"],
        Columns = [new("id", new ItemType(ItemKind.Int32), true, null), new("scan", ItemType.Attachment, false, null)],
    };

    async Task<(AttachmentTableWriter Table, TargetTable Target)> PreparedAsync()
    {
        var target = Target();
        Assert.IsEmpty(await Writer().EnsureAsync(target, create: true, Cancel));
        return (new AttachmentTableWriter(Engine(), Connection), target);
    }

    async Task<string> StandingAsync() => string.Join(' ', (await Database.QueryAsync("SELECT part, content FROM exchange_attachment ORDER BY part")).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row[0]}:{((byte[])row[1]!).Length}")));

    static async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(bool failing = false, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        // One buffer for all of them, as a reader of contents has it.
        var part = new byte[AttachmentReference.PartBytes];
        for (var number = 0; number < 3; number++)
        {
            await Task.Yield();
            cancel.ThrowIfCancellationRequested();
            Array.Fill(part, (byte)number);
            yield return part.AsMemory(0, number == 2 ? part.Length - 1 : part.Length);
        }

        if (failing) throw new InvalidDataException("not what the reference says");
    }

    static async IAsyncEnumerable<ReadOnlyMemory<byte>> EmptyAsync()
    {
        await Task.Yield();
        yield return ReadOnlyMemory<byte>.Empty;
    }
}

[TestClass]
public sealed class PostgreSqlAttachmentTableTests() : AttachmentTableContract("postgresql");

[TestClass]
public sealed class MariaDbAttachmentTableTests() : AttachmentTableContract("mysql");

[TestClass]
public sealed class SqliteAttachmentTableTests() : AttachmentTableContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerAttachmentTableTests() : AttachmentTableContract("sqlserver");
