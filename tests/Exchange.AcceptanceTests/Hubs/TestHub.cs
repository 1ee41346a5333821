using System.Text.Encodings.Web;
using System.Text.Json;
using Exchange.Host.Commands;
using Exchange.Host.Output;

namespace Exchange.AcceptanceTests.Hubs;

/// <summary>
/// A hub with a data folder of its own. Commands run through the real command line within this process, which is as true and much faster than a process each;
/// <see cref="Process"/> runs the same hub's commands as processes where that is the point (kills, signals, environment).
/// </summary>
internal sealed class TestHub : IDisposable
{
    int _applied;

    public HubProcess Process { get; } = new();

    /// <summary>Whether the hub is of another version of the program: then each command is a process of that.</summary>
    public bool OfAnotherVersion => Process.Program != HubProcess.Built;

    public string Data => Path.Combine(Process.Folder, "data");

    /// <summary>Connection string of a PostgreSQL store, or null for SQLite.</summary>
    public string? Store { get; init; }

    public static string Quoted(string text) => JsonSerializer.Serialize(text, Relaxed);

    static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The department d and its connections.</summary>
    public static string Connections(params (string Name, FrontEnd Front)[] fronts) =>
        "kind: Department\nmetadata: { name: d }\nspec: { uscc: 119900000000020224 }\n" + string.Concat(fronts.Select(front =>
            $"---\nkind: Connection\nmetadata: {{ name: {front.Name} }}\nspec: {{ department: d, provider: {front.Front.Provider}, connectionString: {Quoted(front.Front.Database.ConnectionString)} }}\n"));

    /// <summary>A resource whose items are a table's columns.</summary>
    /// <param name="name">Of the resource.</param>
    /// <param name="table">Read through connection `source`.</param>
    /// <param name="mode">capture, as in a manifest.</param>
    /// <param name="more">Further lines of spec, two blanks before each.</param>
    /// <param name="items">Further keys of an item, by its name.</param>
    public static string Resource(string name, FrontTable table, string mode, string more = "", IReadOnlyDictionary<string, string>? items = null) => $$"""
        ---
        kind: Resource
        metadata: { name: {{name}} }
        spec:
          provider: d
          key: [{{string.Join(", ", table.Key.Select(Quoted))}}]
          items:
        {{string.Join('\n', table.Columns.Select(column => $"    - {{ name: {Quoted(column.Name)}, type: {Quoted(column.Type)}{(items?.GetValueOrDefault(column.Name) is { } further ? ", " + further : "")} }}"))}}
        {{more}}
          source: { connection: source, table: {{Quoted(table.Name)}}, capture: { {{mode}} } }

        """;

    /// <summary>A subscription to connection `target`.</summary>
    public static string Subscription(string name, string resource, string table, string target = "", string more = "", string connection = "target") => $$"""
        ---
        kind: Subscription
        metadata: { name: {{name}} }
        spec:
          resource: {{resource}}
          subscriber: d
          target: { connection: {{connection}}, table: {{Quoted(table)}}{{(target.Length > 0 ? ", " + target : "")}} }
        {{more}}

        """;

    public Task<Outcome> RunAsync(params string[] arguments)
    {
        if (OfAnotherVersion) return RunProcessAsync(arguments);
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        return Task.Run(async () =>
        {
            var status = await ExchangeCommandLine.RunAsync(WithHub(arguments), new Terminal { Out = TextWriter.Synchronized(output), Error = TextWriter.Synchronized(error) });
            return new Outcome(status, output.ToString(), error.ToString());
        });
    }

    /// <summary>The same, and the exit status must be as said.</summary>
    public async Task<Outcome> RunAsync(int status, params string[] arguments)
    {
        var outcome = await RunAsync(arguments);
        Assert.AreEqual(status, outcome.Status, $"exchange {string.Join(' ', arguments)}\n{outcome.Out}\n{outcome.Error}");
        return outcome;
    }

    public async Task ApplyAsync(params string[] manifests)
    {
        if (Store is not null && _applied == 0) await RunAsync(0, "setup");
        var file = $"manifests-{++_applied}.yaml";
        Process.Write(file, string.Join("---\n", manifests));
        await RunAsync(0, "apply", "-f", Path.Combine(Process.Folder, file));
    }

    /// <summary>The results of `sync --all` (or of what is named), whose exit status must be as said; -1: well, with or without rejected rows.</summary>
    public async Task<Dictionary<string, JsonElement>> SyncAsync(int status = 0, params string[] arguments)
    {
        var outcome = await RunAsync(["sync", .. arguments.All(argument => argument.StartsWith('-')) ? ["--all", .. arguments] : arguments, "-o", "json"]);
        Assert.IsTrue(outcome.Status == status || (status < 0 && outcome.Status is 0 or 3), $"status {outcome.Status}\n{outcome.Out}\n{outcome.Error}");
        return JsonDocument.Parse(outcome.Out).RootElement.EnumerateArray().ToDictionary(result => result.GetProperty("subscription").GetString()!);
    }

    public async Task<JsonElement[]> GetAsync(params string[] kind) =>
        [.. JsonDocument.Parse((await RunAsync(0, ["get", .. kind, "-o", "json"])).Out).RootElement.EnumerateArray()];

    /// <summary>A command as a process.</summary>
    public Task<Outcome> RunProcessAsync(params string[] arguments) => Process.RunAsync(WithHub(arguments));

    public string[] WithHub(string[] arguments) => Store is null ? [.. arguments, "--data", Data] : [.. arguments, "--data", Data, "--store", Store];

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Process.Dispose();
    }
}
