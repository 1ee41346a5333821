using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Exchange.Host.Composition;
using Exchange.Storage;

namespace Exchange.ArchitectureTests;

/// <summary>Changes to the store only add, because programs of the version before go on working on it while nodes are replaced one by one.</summary>
[TestClass]
public sealed partial class MigrationTests
{
    [TestMethod]
    public void Every_change_to_the_store_only_adds() =>
        Assert.IsEmpty(HubModules.Migrations.Where(migration => Takes(migration.Sql)).Select(migration => $"{migration.Module} {migration.Number} ({migration.Name}) takes away or changes what an older program reads or writes"));

    [TestMethod]
    [DataRow("ALTER TABLE bus_run DROP COLUMN node")]
    [DataRow("drop table bus_run")]
    [DataRow("ALTER TABLE bus_run RENAME COLUMN node TO host")]
    [DataRow("ALTER TABLE bus_run ALTER COLUMN node TYPE bigint")]
    [DataRow("ALTER TABLE bus_run ADD COLUMN host text NOT NULL")]
    public void What_an_older_program_could_not_live_with_is_found(string sql) => Assert.IsTrue(Takes(sql));

    /// <summary>A store that was set up keeps the digest of each change and refuses a program that has it with another content: what has been released is never edited, a further change follows it.</summary>
    [TestMethod]
    public void No_change_to_the_store_is_edited_once_it_is_listed()
    {
        var listed = File.ReadAllLines(Path.Combine(Sources.Root(), "tests/Exchange.ArchitectureTests/migrations.txt"));
        var present = StoreLeases.Migrations.Concat(HubModules.Migrations)
            .SelectMany(migration => migration.Formerly.Prepend(Digest(migration.Sql)).Select(digest => $"{migration.Module} {migration.Number} {digest}")).ToList();
        Assert.AreEqual("", string.Join('\n', listed.Except(present)), "edited or taken away: put them back as they were, and add a further change; where it must be, name the text before as Formerly");
        Assert.AreEqual("", string.Join('\n', present.Except(listed)), "new: add these lines to migrations.txt");
    }

    static string Digest(string sql) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql.ReplaceLineEndings("\n"))));

    /// <summary>What is removed, renamed, given another type, or must be filled in by whoever inserts.</summary>
    static bool Takes(string sql) => Taking().IsMatch(sql);

    [GeneratedRegex(@"\bdrop\s+(table|column|constraint)\b|\brename\b|\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b|\bset\s+not\s+null\b|\badd\s+(column\s+)?\w+\s+[^;,]*\bnot\s+null\b(?![^;,]*\bdefault\b)", RegexOptions.IgnoreCase)]
    private static partial Regex Taking();
}
