using System.Globalization;
using Exchange.Contracts.Security;
using Exchange.Storage;

namespace Exchange.Bus.Catalogue.Registry;

/// <summary>Everything that was applied, at one version.</summary>
/// <param name="Version">Grows by one with every apply that changed something.</param>
/// <param name="Documents">By kind and name.</param>
internal sealed record StoredCatalogue(long Version, IReadOnlyDictionary<(ManifestKind Kind, string Name), StoredDocument> Documents);

/// <summary>Keeps manifests in the store; secrets only protected. Safe for concurrent callers in any number of processes.</summary>
internal sealed class ManifestStore(IStore store, ISecretProtector protector)
{
    const string ReadVersion = "SELECT version FROM bus_catalogue WHERE id = 1";

    public Task<long> VersionAsync(CancellationToken cancel) => store.ReadAsync(session => session.ScalarAsync<long>(ReadVersion, cancel), cancel);

    /// <summary>When each manifest was last changed, without opening any secret.</summary>
    public async Task<IReadOnlyDictionary<(ManifestKind Kind, string Name), DateTimeOffset>> AppliedAsync(CancellationToken cancel) =>
        (await store.ReadAsync(session => session.QueryAsync("SELECT kind, name, applied_at FROM bus_manifest",
            row => ((Enum.Parse<ManifestKind>(row.GetString(0)), row.GetString(1)), StoreTime.FromUnixMicroseconds(row.GetInt64(2))), cancel), cancel)).ToDictionary(entry => entry.Item1, entry => entry.Item2);

    /// <summary>The version is read first and the documents are read after it: a change in between is seen again, never missed.</summary>
    public async Task<StoredCatalogue> ReadAsync(CancellationToken cancel)
    {
        var (version, rows) = await store.ReadAsync(async session =>
        {
            var at = await session.ScalarAsync<long>(ReadVersion, cancel);
            return (at, await session.QueryAsync("SELECT kind, name, title, document, secrets, generation, applied_at, applied_by FROM bus_manifest", reader => new
            {
                Kind = Enum.Parse<ManifestKind>(reader.GetString(0)),
                Name = reader.GetString(1),
                Title = reader.IsDBNull(2) ? null : reader.GetString(2),
                Document = reader.GetString(3),
                Secrets = reader.IsDBNull(4) ? null : reader.GetString(4),
                Generation = Convert.ToInt32(reader.GetValue(5), CultureInfo.InvariantCulture),
                AppliedAt = reader.GetInt64(6),
                AppliedBy = reader.GetString(7),
            }, cancel));
        }, cancel);
        return new StoredCatalogue(version, rows.ToDictionary(row => (row.Kind, row.Name), row => new StoredDocument(
            row.Kind, row.Name, row.Title, row.Document,
            row.Secrets is null ? DocumentSecrets.None : DocumentSecrets.FromJson(protector.Unprotect(row.Secrets, Purpose(row.Kind, row.Name))),
            row.Generation, DateTimeOffset.UnixEpoch.AddMicroseconds(row.AppliedAt), row.AppliedBy)));
    }

    /// <summary>Writes and deletes in one transaction.</summary>
    /// <param name="version">The version that the caller has looked at.</param>
    /// <param name="written">New and changed documents.</param>
    /// <param name="deleted">Documents that go.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>False: another apply came first, nothing was changed.</returns>
    public Task<bool> TryWriteAsync(long version, IReadOnlyCollection<StoredDocument> written, IReadOnlyCollection<StoredDocument> deleted, CancellationToken cancel) =>
        store.WriteAsync(async session =>
        {
            var taken = await session.ExecuteAsync("UPDATE bus_catalogue SET version = version + 1 WHERE id = 1 AND version = @version", cancel, ("version", version));
            if (taken == 0) return false;
            foreach (var document in deleted)
                await session.ExecuteAsync("DELETE FROM bus_manifest WHERE kind = @kind AND name = @name", cancel, ("kind", document.Kind.ToString()), ("name", document.Name));
            foreach (var document in written) await WriteAsync(session, document, cancel);
            return true;
        }, cancel);

    Task<int> WriteAsync(StoreSession session, StoredDocument document, CancellationToken cancel) => session.ExecuteAsync(
        """
        INSERT INTO bus_manifest (kind, name, title, document, secrets, digest, generation, applied_at, applied_by)
        VALUES (@kind, @name, @title, @document, @secrets, @digest, @generation, @applied_at, @applied_by)
        ON CONFLICT (kind, name) DO UPDATE SET title = excluded.title, document = excluded.document, secrets = excluded.secrets, digest = excluded.digest,
            generation = excluded.generation, applied_at = excluded.applied_at, applied_by = excluded.applied_by
        """,
        cancel,
        ("kind", document.Kind.ToString()),
        ("name", document.Name),
        ("title", document.Title),
        ("document", document.Document),
        ("secrets", document.Secrets.IsEmpty ? null : protector.Protect(document.Secrets.ToJson(), Purpose(document.Kind, document.Name))),
        ("digest", document.Digest),
        ("generation", document.Generation),
        ("applied_at", (document.AppliedAt.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond),
        ("applied_by", document.AppliedBy));

    /// <summary>A protected text moved to another manifest's row does not open there.</summary>
    static string Purpose(ManifestKind kind, string name) => $"bus_manifest:{kind}/{name}";
}
