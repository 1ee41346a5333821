using System.Globalization;
using Exchange.Adapters;
using Exchange.Adapters.Database.Writing;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Limits;
using Exchange.Bus.Retention;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.IntegrationTests.Database;

/// <summary>Contents at a target go when no row refers to them, and never while one does or is about to, on every engine.</summary>
public abstract class AttachmentSweepContract(string provider) : TargetSuite(provider)
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    static readonly string Large = Reference('f', (2 * AttachmentReference.PartBytes) + 1);

    readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 7, 1, 8, 0, 0, TimeSpan.Zero));

    [TestMethod]
    public async Task What_no_row_refers_to_goes_a_day_after_that_was_seen_first()
    {
        var (a, b, c) = (Reference('a', 1), Reference('b', 2), Reference('c', 0));
        await PrepareAsync(Target());
        await DeliverAsync(Target(), (1, a), (2, b), (3, c));
        Assert.AreEqual(0, await SweepAsync(Day));
        await DeliverAsync(Target(), (1, b), (3, null));
        Assert.AreEqual(0, await SweepAsync(Day), "seen for the first time");
        _time.Advance(Day - TimeSpan.FromMinutes(1));
        Assert.AreEqual(0, await SweepAsync(Day), "not long enough");
        await DeliverAsync(Target(), (3, c)); // comes back
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.AreEqual(1, await SweepAsync(Day));
        CollectionAssert.AreEquivalent(new[] { b, c }, await StandingAsync());
        await DeliverAsync(Target(), (3, null));
        _time.Advance(10 * Day);
        Assert.AreEqual(0, await SweepAsync(Day), "its old mark does not count");
        _time.Advance(Day);
        Assert.AreEqual(1, await SweepAsync(Day));
        CollectionAssert.AreEqual(new[] { b }, await StandingAsync());
        Assert.AreEqual(0, await NumberAsync($"SELECT count(*) FROM {Q("exchange_attachment_unused")}"), "marks");
    }

    [TestMethod]
    public async Task Every_table_and_column_that_was_entered_counts_and_one_that_cannot_be_read_holds_all()
    {
        var (a, b, c, d) = (Reference('a', 1), Reference('b', 2), Reference('c', 3), Reference('d', 4));
        var other = Target("other", "elsewhere");
        await PrepareAsync(Target(), other);
        await DeliverAsync(Target(), (1, a), (2, d));
        await DeliverAsync(other, (1, b));
        await DeliverAsync(Target(), (1, null), (2, null));
        await WriteAsync(c);
        // Taken out of the catalogue: only the first is known to this hub; and a table that the department has entered itself, with the reference within a longer text.
        await Database.ExecuteAsync($"CREATE TABLE mine (note {Chars(400)})");
        await Database.ExecuteAsync($"INSERT INTO mine VALUES ('see [{c}], and nothing else')");
        await Database.ExecuteAsync("INSERT INTO exchange_attachment_column (subscription, table_name, column_name) VALUES ('', 'mine', 'note')");
        await SweepAsync(TimeSpan.Zero);
        await Database.ExecuteAsync("INSERT INTO exchange_attachment_column (subscription, table_name, column_name) VALUES ('', 'gone', 'note')");
        await RefusedAsync(FrontEndFault.Standing, () => SweepAsync(TimeSpan.Zero));
        CollectionAssert.AreEquivalent(new[] { a, b, c, d }, await StandingAsync());
        await Database.ExecuteAsync("DELETE FROM exchange_attachment_column WHERE table_name = 'gone'");
        Assert.AreEqual(2, await SweepAsync(TimeSpan.Zero));
        CollectionAssert.AreEquivalent(new[] { b, c }, await StandingAsync());
    }

    [TestMethod]
    public async Task A_delivery_that_is_under_way_keeps_what_its_rows_refer_to()
    {
        var a = Reference('a', 1);
        await PrepareAsync(Target());
        await WriteAsync(a);
        await SweepAsync(TimeSpan.Zero);
        var writer = Writer();
        await using (var transaction = await writer.BeginAsync(Target(), Cancel))
        {
            await transaction.LastAppliedAsync(Cancel);
            Assert.IsEmpty(await transaction.KeepAsync([a], Cancel));
            await transaction.ApplyAsync(Rows(Target(), (1, a)), Cancel);
            // On SQLite a sweep waits for the only writer there may be; elsewhere it sees that one writes and removes nothing.
            var sweeping = SweepAsync(TimeSpan.Zero);
            if (!IsSqlite)
                while (!sweeping.IsCompleted)
                {
                    _time.Advance(TimeSpan.FromSeconds(1));
                    await Task.Yield();
                }

            await transaction.CommitAsync(Cancel);
            Assert.AreEqual(0, await sweeping);
        }

        Assert.AreEqual(0, await SweepAsync(TimeSpan.Zero));
        CollectionAssert.AreEqual(new[] { a }, await StandingAsync());
    }

    [TestMethod]
    public async Task A_delivery_whose_contents_were_removed_before_its_rows_came_is_told_so()
    {
        var (a, b) = (Reference('a', 1), Reference('b', 1));
        await PrepareAsync(Target());
        await WriteAsync(a);
        await WriteAsync(b);
        await DeliverAsync(Target(), (1, b));
        Assert.HasCount(2, await Table().WholeAsync(Target(), [a, b], Cancel));
        await SweepAsync(TimeSpan.Zero);
        Assert.AreEqual(1, await SweepAsync(TimeSpan.Zero));
        await using var transaction = await Writer().BeginAsync(Target(), Cancel);
        await transaction.LastAppliedAsync(Cancel);
        CollectionAssert.AreEqual(new[] { a }, (await transaction.KeepAsync([a, b], Cancel)).ToArray());
    }

    [TestMethod]
    public async Task Parts_that_are_removed_under_their_writer_never_make_contents_that_look_whole()
    {
        await PrepareAsync(Target());
        var removed = await RefusedAsync(FrontEndFault.Transient, () => Table().WriteAsync(Target(), Large, PartsAsync(async () =>
        {
            await SweepAsync(TimeSpan.Zero);
            Assert.AreEqual(1, await SweepAsync(TimeSpan.Zero), "nothing tells them from those of a killed writer");
        }), Cancel));
        StringAssert.Contains(removed.Message, "were removed");
        Assert.IsEmpty(await Table().WholeAsync(Target(), [Large], Cancel));
        await WriteAsync(Large);
        await DeliverAsync(Target(), (1, Large));
        await SweepAsync(TimeSpan.Zero);
        Assert.AreEqual(0, await SweepAsync(TimeSpan.Zero));
        Assert.AreEqual("0:1048576 1:1048576 2:1", string.Join(' ', (await Database.QueryAsync("SELECT part, content FROM exchange_attachment ORDER BY part")).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row[0]}:{((byte[])row[1]!).Length}"))));
    }

    /// <summary>Deliveries as the hub makes them, of three subscriptions that share contents, and sweeps of two hubs that keep nothing: what any committed row refers to stands whole at every moment.</summary>
    [TestMethod]
    public async Task Beside_deliveries_that_go_on_no_row_ever_refers_to_what_is_not_there()
    {
        const int Rounds = 40;
        TargetTable[] targets = [.. Enumerable.Range(0, 3).Select(at => Target($"s{at}", $"copy{at}"))];
        await PrepareAsync(targets);
        string[] pool = [.. "abcd".Select(digit => Reference(digit, 1)), Large];
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var removed = 0;
        Task[] sweeps = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested) Interlocked.Add(ref removed, await PatientAsync(() => SweepAsync(TimeSpan.Zero)));
        }, Cancel))];
        // A sweep looks again after a while, by this clock.
        var clock = Task.Run(async () =>
        {
            for (; !ended.IsCancellationRequested || !sweeps.All(sweep => sweep.IsCompleted); await Task.Delay(5, Cancel)) _time.Advance(TimeSpan.FromMilliseconds(100));
        }, Cancel);
        await Task.WhenAll(targets.Select((target, at) => Task.Run(async () =>
        {
            var random = new Random(at);
            // Until something was removed: what a sweep passes over depends on who comes first.
            for (var round = 0; round < Rounds || (Volatile.Read(ref removed) == 0 && round < 50 * Rounds); round++)
            {
                // A row comes, refers to something else, or to nothing any more.
                (int, string?) row = (random.Next(1, 3), random.Next(3) == 0 ? null : pool[random.Next(pool.Length)]);
                await PatientAsync(async () =>
                {
                    await DeliverAsync(target, row);
                    return 0;
                });
                await WholeAsync(target);
            }
        }, Cancel)));
        await ended.CancelAsync();
        await Task.WhenAll([.. sweeps, clock]);
        foreach (var target in targets) await WholeAsync(target);
        Assert.IsGreaterThan(0, removed, "removed meanwhile");
    }

    /// <summary>What every row refers to is there: looked at as of one moment.</summary>
    async Task WholeAsync(TargetTable target) =>
        Assert.AreEqual(0, await PatientAsync(async () => (int)await NumberAsync($"SELECT count(*) FROM {target.Table.Name} t WHERE scan IS NOT NULL AND NOT EXISTS (SELECT 1 FROM exchange_attachment a WHERE a.reference = t.scan AND a.part = 0)")), target.Table.Name);

    /// <summary>Deadlocks and busy files are tried again, as the hub does.</summary>
    static async Task<int> PatientAsync(Func<Task<int>> work)
    {
        for (var left = 200; ; left--)
        {
            try
            {
                return await work();
            }
            catch (FrontEndException fault) when (fault.Fault == FrontEndFault.Transient && left > 0)
            {
            }
            catch (Microsoft.Data.Sqlite.SqliteException busy) when (busy.SqliteErrorCode is 5 or 6 && left > 0)
            {
            }
        }
    }

    static string Reference(char digit, long size) => new AttachmentReference(new string(digit, 64), size).ToString();

    static TargetTable Target(string subscription = "s", string table = "copy") => new()
    {
        Subscription = subscription, Table = new TableName(null, table), Key = ["id"], AttachmentColumns = ["scan"],
        Columns = [new("id", new ItemType(ItemKind.Int32), true, null), new("scan", ItemType.Attachment, false, null)],
    };

    async Task PrepareAsync(params TargetTable[] targets)
    {
        foreach (var target in targets) Assert.IsEmpty(await Writer().EnsureAsync(target, create: true, Cancel));
    }

    AttachmentTableWriter Table() => new(Engine(), Connection);

    async Task WriteAsync(string reference, TargetTable? target = null)
    {
        var size = AttachmentReference.Parse(reference).Size;
        if (size <= AttachmentReference.PartBytes) await Table().WriteSmallAsync(target ?? Target(), [(reference, new byte[size])], Cancel);
        else await Table().WriteAsync(target ?? Target(), reference, PartsAsync(() => Task.CompletedTask), Cancel);
    }

    /// <summary>Of <see cref="Large"/>.</summary>
    static async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsAsync(Func<Task> beforeTheLast)
    {
        yield return new byte[AttachmentReference.PartBytes];
        yield return new byte[AttachmentReference.PartBytes];
        await beforeTheLast();
        yield return new byte[1];
    }

    /// <summary>As the hub delivers: what is missing is sent, then the rows, if all still stands; else again.</summary>
    async Task DeliverAsync(TargetTable target, params (int Id, string? Scan)[] rows)
    {
        string[] references = [.. rows.Select(row => row.Scan).OfType<string>().Distinct()];
        for (var again = true; again;)
        {
            var whole = await Table().WholeAsync(target, references, Cancel);
            foreach (var missing in references.Where(reference => !whole.Contains(reference))) await WriteAsync(missing, target);
            await using var transaction = await Writer().BeginAsync(target, Cancel);
            await transaction.LastAppliedAsync(Cancel);
            again = (await transaction.KeepAsync(references, Cancel)).Count > 0;
            if (again) continue;
            await transaction.ApplyAsync(Rows(target, rows), Cancel);
            await transaction.CommitAsync(Cancel);
        }
    }

    static RowBatch Rows(TargetTable target, params (int Id, string? Scan)[] rows) => Batch(target, rows.Select(row => new[] { row.Id.ToString(CultureInfo.InvariantCulture), row.Scan }));

    async Task<string[]> StandingAsync() => [.. (await Database.QueryAsync("SELECT DISTINCT reference FROM exchange_attachment")).Select(row => (string)row[0]!)];

    /// <summary>A round of a hub that knows the first subscription alone.</summary>
    async Task<int> SweepAsync(TimeSpan keep)
    {
        await using var services = new ServiceCollection().AddAdapters().BuildServiceProvider();
        var contents = new TargetContents(null!, services.GetRequiredService<IFrontEndDatabases>(), null!, new ConnectionTurns(null!, _time), null!, null!, null!, new ExchangeSteps(NullLogger<ExchangeSteps>.Instance), _time, NullLogger<TargetContents>.Instance);
        return await contents.SweepAsync(new ContentsPlace("front", new Connection { Name = "front", Department = "d", Provider = Connection.Provider, ConnectionString = Connection.ConnectionString }, [Target()]), keep, Cancel);
    }
}

[TestClass]
public sealed class PostgreSqlAttachmentSweepTests() : AttachmentSweepContract("postgresql");

[TestClass]
public sealed class MariaDbAttachmentSweepTests() : AttachmentSweepContract("mysql");

[TestClass]
public sealed class SqliteAttachmentSweepTests() : AttachmentSweepContract("sqlite");

[TestClass]
[NeedsSqlServer]
public sealed class SqlServerAttachmentSweepTests() : AttachmentSweepContract("sqlserver");
