using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Checks;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Security;
using Exchange.Security.Secrets;
using Exchange.Storage;
using Exchange.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.IntegrationTests.Catalogue;

/// <summary>What holds for applying manifests on every store.</summary>
public abstract class ManifestsContract
{
    const string Department = "kind: Department\nmetadata: { name: d }\nspec: { uscc: 119900000000020224 }\n";

    const string Literal = "Data Source=front.db;Password=very-secret-one";

    readonly Dictionary<string, string> _environment = new() { ["FRONT"] = "Data Source=a.db;Password=very-secret-two" };

    TestDatabase _database = null!;
    string _folder = null!;
    ServiceProvider _services = null!;

    protected abstract string Engine { get; }

    protected abstract string Address(TestDatabase database);

    [TestInitialize]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync(Engine);
        _folder = Directory.CreateTempSubdirectory("exchange-test-").FullName;
        _services = new ServiceCollection().AddStorage(new StoreOptions(Address(_database), _folder)).BuildServiceProvider();
        await _services.GetRequiredService<IMigrations>().MigrateAsync(CatalogueMigrations.All, CancellationToken.None);
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [TestMethod]
    public async Task Applying_an_export_changes_nothing()
    {
        var manifests = Manifests();
        Assert.AreEqual("Department/d created, Connection/c created, Connection/v created, Resource/r created", await ApplyAsync(manifests, Everything()));
        var export = string.Join("---\n", (await manifests.ReadAsync(null, null, CancellationToken.None)).Select(manifest => manifest.Yaml));
        Assert.AreEqual("Department/d unchanged, Connection/c unchanged, Connection/v unchanged, Resource/r unchanged", await ApplyAsync(manifests, export));
        StringAssert.Contains(export, "connectionString: unchanged");
        StringAssert.Contains(export, "connectionString: \"${FRONT}\"");
        Assert.AreEqual(Literal, (await Catalogue().ReadAsync(CancellationToken.None)).Connections["c"].ConnectionString);
    }

    [TestMethod]
    public async Task A_hub_without_the_variable_still_has_its_value()
    {
        await ApplyAsync(Manifests(), Everything());
        _environment.Clear();
        Assert.AreEqual("Data Source=a.db;Password=very-secret-two", (await Catalogue().ReadAsync(CancellationToken.None)).Connections["v"].ConnectionString);
    }

    [TestMethod]
    public async Task A_changed_variable_is_a_change()
    {
        await ApplyAsync(Manifests(), Everything());
        _environment["FRONT"] = "Data Source=b.db";
        Assert.AreEqual("Department/d unchanged, Connection/c unchanged, Connection/v changed, Resource/r unchanged", await ApplyAsync(Manifests(), Everything()));
    }

    [TestMethod]
    public async Task A_dry_run_says_the_same_and_changes_nothing()
    {
        Assert.AreEqual("Department/d created, Connection/c created, Connection/v created, Resource/r created", await ApplyAsync(Manifests(), Everything(), dryRun: true));
        Assert.IsEmpty(await Manifests().ReadAsync(null, null, CancellationToken.None));
    }

    [TestMethod]
    public async Task A_wrong_document_stops_all_of_them()
    {
        var refused = await Assert.ThrowsExactlyAsync<ManifestException>(() => ApplyAsync(Manifests(), Department + "---\nkind: CodeSet\nmetadata: { name: c }\nspec: { code: {} }\n"));
        Assert.HasCount(2, refused.Problems);
        Assert.IsEmpty(await Manifests().ReadAsync(null, null, CancellationToken.None));
    }

    [TestMethod]
    public async Task Prune_deletes_what_is_not_given_unless_it_is_needed()
    {
        await ApplyAsync(Manifests(), Everything());
        var needed = await Assert.ThrowsExactlyAsync<ManifestException>(() => ApplyAsync(Manifests(), Resource("string(9)"), prune: true));
        StringAssert.Contains(needed.Message, "--prune would delete it while Resource/r needs it");
        Assert.AreEqual("Department/d unchanged, Resource/r deleted, Connection/c deleted, Connection/v deleted", await ApplyAsync(Manifests(), Department, prune: true));
        Assert.HasCount(1, await Manifests().ReadAsync(null, null, CancellationToken.None));
    }

    [TestMethod]
    public async Task Prune_with_nothing_given_is_refused()
    {
        await ApplyAsync(Manifests(), Everything());
        await Assert.ThrowsExactlyAsync<ManifestException>(() => ApplyAsync(Manifests(), "# nothing\n", prune: true));
    }

    [TestMethod]
    public async Task A_changed_type_begins_a_new_generation_and_a_nullable_item_does_not()
    {
        await ApplyAsync(Manifests(), Everything());
        await ApplyAsync(Manifests(), Resource("string(9)", ", { name: more, type: text }"));
        Assert.AreEqual(1, (await Catalogue().ReadAsync(CancellationToken.None)).Resources["r"].Generation);
        var changed = await Manifests().ApplyAsync([new ManifestFile("f", Resource("int64", ", { name: more, type: text }"))], dryRun: false, prune: false, CancellationToken.None);
        StringAssert.Contains(changed[0].Note, "the item 'a' was string(9)");
        Assert.AreEqual(2, (await Catalogue().ReadAsync(CancellationToken.None)).Resources["r"].Generation);
    }

    [TestMethod]
    public async Task Another_process_s_apply_is_seen_by_the_next_read()
    {
        var catalogue = Catalogue();
        Assert.IsEmpty((await catalogue.ReadAsync(CancellationToken.None)).Departments);
        await ApplyAsync(Manifests(), Department);
        var first = await catalogue.ReadAsync(CancellationToken.None);
        Assert.HasCount(1, first.Departments);
        Assert.AreSame(first, await catalogue.ReadAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Applies_at_the_same_time_lose_nothing()
    {
        await ApplyAsync(Manifests(), Department);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => ApplyAsync(Manifests(), $"kind: CodeSet\nmetadata: {{ name: c{number} }}\nspec: {{ codes: {{ a: b }} }}\n"))));
        Assert.HasCount(9, await Manifests().ReadAsync(null, null, CancellationToken.None));
        Assert.AreEqual(9, await new ManifestStore(_services.GetRequiredService<IStore>(), Protector()).VersionAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task An_apply_that_another_one_overtook_is_checked_again()
    {
        static string Subscription(string name) => $"kind: Subscription\nmetadata: {{ name: {name} }}\nspec: {{ resource: r, subscriber: d, target: {{ connection: v, table: u }} }}\n";
        await ApplyAsync(Manifests(), Everything());
        var overtaking = new Overtaken(() => ApplyAsync(Manifests(), Subscription("two")));
        var refused = await Assert.ThrowsExactlyAsync<ManifestException>(() => ApplyAsync(Manifests(overtaking), Everything() + "---\n" + Subscription("one")));
        StringAssert.Contains(refused.Message, "is already that of the subscription 'one'");
        Assert.AreEqual("two", (await Manifests().ReadAsync("subscription", null, CancellationToken.None)).Single().Name);
    }

    [TestMethod]
    public async Task What_was_looked_at_at_an_older_version_is_not_written()
    {
        await ApplyAsync(Manifests(), Everything());
        var store = new ManifestStore(_services.GetRequiredService<IStore>(), Protector());
        var stored = await store.ReadAsync(CancellationToken.None);
        Assert.IsFalse(await store.TryWriteAsync(stored.Version - 1, [], [.. stored.Documents.Values], CancellationToken.None));
        Assert.HasCount(4, (await store.ReadAsync(CancellationToken.None)).Documents);
    }

    [TestMethod]
    public async Task A_stored_manifest_that_this_apply_would_break_is_named()
    {
        await ApplyAsync(Manifests(), Department + "---\nkind: CodeSet\nmetadata: { name: s }\nspec: { codes: { a: x, b: y } }\n---\nkind: CodeMap\nmetadata: { name: m }\nspec: { from: s, map: { a: c } }\n");
        var refused = await Assert.ThrowsExactlyAsync<ManifestException>(() => ApplyAsync(Manifests(), "kind: CodeSet\nmetadata: { name: s }\nspec: { codes: { b: y } }\n"));
        StringAssert.Contains(refused.Message, "CodeMap/m (as applied before):6: this apply would break it: the code 'a'");
    }

    [TestMethod]
    public async Task Secrets_stand_nowhere_in_clear()
    {
        await ApplyAsync(Manifests(), Everything());
        await _services.GetRequiredService<IStore>().ReadAsync(async session =>
        {
            var texts = await session.QueryAsync("SELECT kind || name || coalesce(title, '') || document || coalesce(secrets, '') || digest || applied_by FROM bus_manifest", reader => reader.GetString(0), CancellationToken.None);
            Assert.IsFalse(texts.Exists(text => text.Contains("very-secret", StringComparison.Ordinal)));
            // Looked at while the session is open: SQLite removes its log with the last connection.
            foreach (var file in Directory.EnumerateFiles(_folder))
                Assert.IsFalse(System.Text.Encoding.Latin1.GetString(await ReadSharedAsync(file)).Contains("very-secret", StringComparison.Ordinal), file);
            return 0;
        }, CancellationToken.None);
    }

    [TestMethod]
    public async Task An_unknown_kind_or_name_is_refused_with_the_nearest()
    {
        await ApplyAsync(Manifests(), Everything());
        var kind = await Assert.ThrowsExactlyAsync<ExchangeException>(() => Manifests().ReadAsync("resorce", null, CancellationToken.None));
        StringAssert.Contains(kind.Message, "did you mean 'resource'?");
        var name = await Assert.ThrowsExactlyAsync<ExchangeException>(() => Manifests().ReadAsync("resources", "s", CancellationToken.None));
        Assert.AreEqual(ErrorCodes.ManifestUnknown, name.Code);
        Assert.HasCount(2, await Manifests().ReadAsync("Connections", null, CancellationToken.None));
    }

    static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    static string Everything() => Department
        + $"---\nkind: Connection\nmetadata: {{ name: c }}\nspec: {{ department: d, provider: sqlite, connectionString: \"{Literal}\" }}\n"
        + "---\nkind: Connection\nmetadata: { name: v }\nspec: { department: d, provider: sqlite, connectionString: \"${FRONT}\" }\n---\n"
        + Resource("string(9)");

    static string Resource(string type, string more = "") =>
        $"kind: Resource\nmetadata: {{ name: r }}\nspec: {{ provider: d, key: [a], items: [ {{ name: a, type: {type} }}{more} ], source: {{ connection: c, table: t }} }}\n";

    static async Task<string> ApplyAsync(Manifests manifests, string text, bool dryRun = false, bool prune = false) =>
        string.Join(", ", (await manifests.ApplyAsync([new ManifestFile("f", text)], dryRun, prune, CancellationToken.None)).Select(applied => $"{applied.Kind}/{applied.Name} {applied.Change.ToString().ToLowerInvariant()}"));

    /// <summary>A new one each time, as another process would have.</summary>
    Manifests Manifests(IFrontEndDatabases? databases = null) => new(
        new ManifestStore(_services.GetRequiredService<IStore>(), Protector()),
        [new DepartmentCheck(), new CodeMapCheck(), new ResourceCheck(), new SubscriptionCheck()],
        new FrontEndLook(databases, TimeProvider.System),
        new CatalogueOptions { Variable = _environment.GetValueOrDefault, AppliedBy = "tester@here" },
        TimeProvider.System);

    StoreCatalogue Catalogue() => new(new ManifestStore(_services.GetRequiredService<IStore>(), Protector()));

    /// <summary>Databases that cannot be reached; the first look at one lets another apply through.</summary>
    sealed class Overtaken(Func<Task> other) : IFrontEndDatabases, IFrontEndDatabase
    {
        readonly Lazy<Task> _other = new(other);

        public IReadOnlyList<string> Providers => ["sqlite"];

        public FrontEndConnection Connection => throw new NotSupportedException();

        public ISourceReader Source => throw new NotSupportedException();

        public IChangeCapture Capture => throw new NotSupportedException();

        public IErrorTable Errors => throw new NotSupportedException();

        public ITargetWriter Target => throw new NotSupportedException();

        public IAttachmentTable Attachments => throw new NotSupportedException();

        public IChecksums Checksums => throw new NotSupportedException();

        public IFrontEndDatabase Open(FrontEndConnection connection) => this;

        public async Task<IReadOnlyList<ConnectionStep>> CheckAsync(SourceQuery? sample, CancellationToken cancel)
        {
            await _other.Value;
            return [new ConnectionStep("address", false, "nobody is there")];
        }

        public Task<TableDescription?> DescribeAsync(TableName table, CancellationToken cancel) => throw new NotSupportedException();

        public Task<TableDescription> DescribeQueryAsync(string query, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    AesSecretProtector Protector() => new(new SecretKey(new SecurityOptions { DataFolder = _folder }));
}

[TestClass]
public sealed class ManifestsOnSqlite : ManifestsContract
{
    protected override string Engine => "sqlite";

    protected override string Address(TestDatabase database) => "";
}

[TestClass]
public sealed class ManifestsOnPostgreSql : ManifestsContract
{
    protected override string Engine => "postgresql";

    protected override string Address(TestDatabase database) => database.ConnectionString;
}
