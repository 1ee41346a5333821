using System.Text;
using System.Text.Json;
using Exchange.AcceptanceTests.Hubs;
using Exchange.TestSupport;

namespace Exchange.AcceptanceTests.Imports;

/// <summary>A resource that is fed by files, and a database that gets its rows.</summary>
internal sealed class ImportScene : IAsyncDisposable
{
    public static readonly FrontTable Copy = FrontTable.Of("copy", "id", ("id", "string(20)"), ("name", "string(40)"), ("amount", "decimal(12,2)"), ("day", "date"));

    const string Resource = """
        ---
        kind: Resource
        metadata: { name: r }
        spec:
          provider: d
          key: [id]
          batchRows: 3
          maxCellBytes: 1048576
          items:
            - { name: id, title: 编号, type: string(20) }
            - { name: name, title: 名称, type: string(40), required: true }
            - { name: amount, title: 金额, type: "decimal(12,2)", rules: ["min 0"] }
            - { name: day, title: 日期, type: date, normalize: [yyyy/MM/dd] }

        """;

    public required FrontEnd Target { get; init; }

    public required TestHub Hub { get; init; }

    TestDatabase? Store { get; init; }

    public static async Task<ImportScene> CreateAsync(TestDatabase? store = null, string resource = "")
    {
        var scene = new ImportScene { Target = await FrontEnd.CreateAsync("sqlite"), Hub = new TestHub { Store = store?.ConnectionString }, Store = store };
        await scene.Hub.ApplyAsync(TestHub.Connections(("target", scene.Target)), Resource + resource, TestHub.Subscription("s", "r", "copy"));
        return scene;
    }

    public string File(string name, byte[] content)
    {
        var path = Path.Combine(Hub.Process.Folder, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public string File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    public async Task<JsonElement> ImportAsync(int status, string file, params string[] more) =>
        JsonDocument.Parse((await Hub.RunAsync(status, ["import", "r", file, "-o", "json", .. more])).Out).RootElement;

    public async Task<string> RefusedAsync(string file, params string[] more)
    {
        var before = (await Hub.RunAsync(0, "get", "batch", "r", "-o", "json")).Out;
        var outcome = await Hub.RunAsync(2, ["import", "r", file, .. more]);
        Assert.AreEqual(before, (await Hub.RunAsync(0, "get", "batch", "r", "-o", "json")).Out, "a refused file changed the log");
        return outcome.Error;
    }

    public async Task HoldsAsync(params string[] lines) => CollectionAssert.AreEqual(lines, await Target.LinesAsync(Copy));

    public async Task<List<string>> OpenAsync()
    {
        var rows = JsonDocument.Parse((await Hub.RunAsync(0, "errors", "list", "--rows", "--resource", "r", "-o", "json")).Out).RootElement.EnumerateArray();
        return [.. rows.SelectMany(row => row.GetProperty("broken").EnumerateArray().Select(broken => $"{row.GetProperty("values")[0].GetProperty("value").GetString()}: {broken.GetProperty("rule").GetString()}"))
            .Order(StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        Hub.Dispose();
        await Target.DisposeAsync();
        if (Store is not null) await Store.DisposeAsync();
    }
}
