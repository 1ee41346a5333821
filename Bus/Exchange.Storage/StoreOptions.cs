namespace Exchange.Storage;

/// <summary>Which store a hub uses.</summary>
/// <param name="Store">
/// Null (file exchange.db in the data folder), <c>sqlite:PATH</c> (relative to the current folder), <c>postgresql://user:password@host:port/database?sslmode=…</c>
/// (or <c>postgres://</c>; parts are percent-decoded) or a connection string of keywords as Npgsql takes it. Holds a secret: never show it.
/// </param>
/// <param name="DataFolder">Folder of this hub's files; made, readable by its owner only, when missing.</param>
public sealed record StoreOptions(string? Store, string DataFolder)
{
    /// <summary>Without the store's address, which holds a password.</summary>
    public override string ToString() => $"store of data folder {DataFolder}";
}
