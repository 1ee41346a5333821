using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Checks;
using Exchange.Contracts.Catalogue;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Extensions.Time.Testing;

namespace Exchange.UnitTests.Catalogue;

/// <summary>What apply sees of the databases.</summary>
[TestClass]
public sealed class FrontEndLookTests
{
    const string Text = """
        kind: Department
        metadata: { name: d }
        spec: { uscc: 119900000000020224 }
        ---
        kind: Connection
        metadata: { name: c }
        spec: { department: d, provider: sqlite, connectionString: x }
        ---
        kind: Resource
        metadata: { name: r }
        spec:
          provider: d
          key: [no]
          items: [ { name: no, type: string(9) }, { name: fine, type: int32 } ]
          requiredColumns: [DATA_UP_STATUS]
          source:
            connection: c
            columns: { no: check_no }
            table: t
            capture: { mode: control }
        """;

    static readonly string[] AllColumns = ["check_no", "fine", "DATA_UP_STATUS", "cd_batch", "cd_time", "cd_id", "cd_operation"];

    [TestMethod]
    public async Task A_table_with_every_column_has_nothing_to_say()
    {
        var (problems, notes) = await LookAsync(new FakeDatabase { Columns = AllColumns });
        Assert.AreEqual("", problems);
        Assert.AreEqual("", notes);
    }

    [TestMethod]
    public async Task Each_lacking_column_is_named_at_the_line_of_the_table()
    {
        var (problems, _) = await LookAsync(new FakeDatabase { Columns = ["chek_no", "fine", "cd_batch", "cd_time", "cd_id"] });
        Assert.AreEqual("""
            f:19: t on 'c' lacks the column 'DATA_UP_STATUS' (requiredColumns)
            f:19: t on 'c' lacks the column 'cd_operation' (capture mode control)
            f:19: t on 'c' lacks the column 'check_no' (item 'no'); did you mean 'chek_no'?
            """, problems);
    }

    [TestMethod]
    public async Task A_missing_table_is_a_problem()
    {
        var (problems, _) = await LookAsync(new FakeDatabase { Columns = null });
        Assert.AreEqual("f:19: the connection 'c' has no table t (or its login may not see it)", problems);
    }

    [TestMethod]
    public async Task A_connection_that_fails_a_step_is_a_note_not_a_problem()
    {
        var (problems, notes) = await LookAsync(new FakeDatabase { Columns = AllColumns, Step = new ConnectionStep("login", false, "refused; look at the password") });
        Assert.AreEqual("", problems);
        Assert.AreEqual("Connection/c: not checked: login: refused; look at the password\nResource/r: not checked: login: refused; look at the password", notes);
    }

    [TestMethod]
    public async Task A_fault_while_looking_is_a_note()
    {
        var (problems, notes) = await LookAsync(new FakeDatabase { Columns = AllColumns, Fault = new ExchangeException(ErrorCodes.FrontEndFailed, Party.Provider, "it broke", "mend it") });
        Assert.AreEqual("", problems);
        Assert.AreEqual("Connection/c: not checked: it broke\nResource/r: not checked: it broke", notes);
    }

    [TestMethod]
    public async Task A_database_that_never_answers_is_left_after_the_limit()
    {
        var time = new FakeTimeProvider();
        var looking = LookAsync(new FakeDatabase { Columns = AllColumns, Silent = true }, time);
        time.Advance(FrontEndLook.TimeLimit - TimeSpan.FromSeconds(1));
        Assert.IsFalse(looking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual("Connection/c: not checked: no answer within 10 s\nResource/r: not checked: no answer within 10 s", (await looking).Notes);
    }

    [TestMethod]
    public async Task A_table_without_a_unique_index_on_the_key_is_noted()
    {
        var (problems, notes) = await LookAsync(new FakeDatabase { Columns = AllColumns, Key = [] });
        Assert.AreEqual("", problems);
        Assert.AreEqual("Resource/r: no unique index of t covers the key (no): reads are slower, and of rows that share a key the latest (cd_batch, cd_time, cd_id) counts; equally late ones become error rows", notes);
    }

    static async Task<(string Problems, string Notes)> LookAsync(FakeDatabase database, TimeProvider? time = null)
    {
        var plan = ManifestCorpusTests.Plan([new ManifestFile("f", Text)]);
        var looks = await new FrontEndLook(new FakeDatabases(database), time ?? TimeProvider.System).LookAsync(plan.Snapshot, plan.GivenNames, CancellationToken.None);
        plan.Add(looks.Findings);
        return (string.Join('\n', plan.Problems), string.Join('\n', looks.Notes.OrderBy(note => note.Key.Item1).Select(note => $"{note.Key.Item1}/{note.Key.Item2}: {note.Value}")));
    }

    sealed class FakeDatabases(FakeDatabase database) : IFrontEndDatabases
    {
        public IReadOnlyList<string> Providers => ["sqlite"];

        public IFrontEndDatabase Open(FrontEndConnection connection) => database;
    }

    sealed class FakeDatabase : IFrontEndDatabase
    {
        public required IReadOnlyList<string>? Columns { get; init; }

        public IReadOnlyList<string> Key { get; init; } = ["check_no"];

        public ConnectionStep? Step { get; init; }

        public ExchangeException? Fault { get; init; }

        /// <summary>Never answers and does not heed cancellation.</summary>
        public bool Silent { get; init; }

        public FrontEndConnection Connection => throw new NotSupportedException();

        public ISourceReader Source => throw new NotSupportedException();

        public IChangeCapture Capture => throw new NotSupportedException();

        public IErrorTable Errors => throw new NotSupportedException();

        public ITargetWriter Target => throw new NotSupportedException();

        public IAttachmentTable Attachments => throw new NotSupportedException();

        public IChecksums Checksums => throw new NotSupportedException();

        public Task<IReadOnlyList<ConnectionStep>> CheckAsync(SourceQuery? sample, CancellationToken cancel)
        {
            if (Silent) return new TaskCompletionSource<IReadOnlyList<ConnectionStep>>().Task;
            if (Fault is not null) return Task.FromException<IReadOnlyList<ConnectionStep>>(Fault);
            return Task.FromResult<IReadOnlyList<ConnectionStep>>([new ConnectionStep("address", true, "ok"), .. Step is null ? [] : new[] { Step }]);
        }

        public Task<TableDescription?> DescribeAsync(TableName table, CancellationToken cancel) => Task.FromResult(Columns is null ? null : new TableDescription
        {
            Table = table, Columns = [.. Columns.Select(name => new TableColumn(name, "text", new ItemType(ItemKind.Text), true, false, false))], PrimaryKey = Key,
        });

        public Task<TableDescription> DescribeQueryAsync(string query, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
