namespace Exchange.Host.Composition;

/// <summary>Which hub a command works on.</summary>
/// <param name="DataFolder">Folder of its files.</param>
/// <param name="Store">Address of its store; null: SQLite in the data folder. Secret.</param>
/// <param name="Key">EXCHANGE_KEY, if set. Secret.</param>
internal sealed record HubOptions(string DataFolder, string? Store, string? Key)
{
    public override string ToString() => $"hub of {DataFolder}";
}
