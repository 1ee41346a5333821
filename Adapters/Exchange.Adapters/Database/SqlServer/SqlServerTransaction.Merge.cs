using System.Globalization;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>The SQL between the temporary tables and the target.</summary>
internal sealed partial class SqlServerTransaction
{
    const string Stage = "#exchange_stage";
    const string Gone = "#exchange_gone";
    const string Seen = "#exchange_seen";

    /// <summary>Longest nvarchar with a limit.</summary>
    const int LongestUnits = 4_000;

    /// <summary>
    /// UPDATE, then INSERT of what is not there. Both look keys up one by one, so that the locks lie on these keys and the gaps beside them (HOLDLOCK): no other writer brings a row between the
    /// two, and UPDLOCK has two such writers wait for each other instead of a deadlock. Rows that stand as they should are left alone: no work for the department's own triggers.
    /// </summary>
    IEnumerable<string> Merge(List<string> columns)
    {
        var values = Target.Columns.Where(column => !Target.Key.Contains(column.Name, StringComparer.Ordinal)).ToList();
        var set = values.ConvertAll(column => $"{Quote(column.Name)} = s.{StageName(column.Name)}");
        var differs = new List<string>();
        if (values.Count > 0) differs.Add($"EXISTS (SELECT {string.Join(", ", values.Select(column => Compared(column, "s")))} EXCEPT SELECT {string.Join(", ", values.Select(column => Compared(column, "t")))})");
        if (HasTombstone)
        {
            set.Add($"{Quote(Tombstone.Deleted)} = 0, {Quote(Tombstone.DeletedAt)} = NULL");
            differs.Add($"COALESCE(t.{Quote(Tombstone.Deleted)}, 1) <> 0");
        }

        var match = StagedMatch(columns);
        if (set.Count > 0)
            yield return $"UPDATE t SET {string.Join(", ", set)} FROM {Stage} AS s INNER JOIN {Table} AS t WITH (UPDLOCK, HOLDLOCK) ON {match} WHERE {string.Join(" OR ", differs)} OPTION (LOOP JOIN, FORCE ORDER)";
        var (names, constants) = HasTombstone ? ($", {Names([Tombstone.Deleted, Tombstone.DeletedAt])}", ", 0, NULL") : ("", "");
        yield return $"INSERT INTO {Table} ({Names(columns)}{names}) SELECT {string.Join(", ", columns.Select(column => "s." + StageName(column)))}{constants} FROM {Stage} AS s " +
            $"WHERE NOT EXISTS (SELECT 1 FROM {Table} AS t WITH (UPDLOCK, HOLDLOCK) WHERE {match}) OPTION (LOOP JOIN)";
    }

    /// <summary>
    /// t's key is s's, over columns in their staged order. This engine takes a trailing blank of text, and a trailing zero of binary, for nothing: the lengths tell such keys apart, so that none
    /// is written over another's row; the unique index then refuses the second one.
    /// </summary>
    string StagedMatch(IEnumerable<string> staged)
    {
        var known = staged.ToHashSet(StringComparer.Ordinal);
        return string.Join(" AND ", Target.Key.Where(known.Contains).Select(key =>
        {
            var (native, wanted) = Of(key);
            var (there, here) = ($"t.{Quote(key)}", $"s.{StageName(key)}");
            if (native.CodePage is not null) here = $"CONVERT({(native.Length is { } length and <= 8_000 ? string.Create(CultureInfo.InvariantCulture, $"varchar({length})") : "varchar(max)")}, {here} {native.Collation})";
            var same = $"{there} = {here}";
            return wanted.Type.IsText || wanted.Type.Kind == ItemKind.Binary ? $"{same} AND DATALENGTH({there}) = DATALENGTH({here})" : same;
        }));
    }

    /// <summary>A value as it is compared with the other side's: text by its bytes, since a collation may take different texts for equal; two columns where bytes at the end count for nothing.</summary>
    string Compared(TargetColumn column, string side)
    {
        var (native, _) = Of(column.Name);
        var value = side == "s" ? $"s.{StageName(column.Name)}" : $"t.{Quote(column.Name)}";
        if (column.Type.IsText) return $"CONVERT(varbinary(max), {(side == "s" || (native.CodePage is null && native.Type is "nvarchar" or "nchar") ? value : $"CONVERT(nvarchar(max), {value})")})";
        if (column.Type.Kind != ItemKind.Binary) return value;
        return $"{(native.Type == "image" && side == "t" ? $"CONVERT(varbinary(max), {value})" : value)}, DATALENGTH({value})";
    }

    /// <summary>Characters that a target's code page lacks become others in silence; the round trip tells.</summary>
    async Task CodePagesAsync(List<string> columns, CancellationToken cancel)
    {
        var narrow = columns.Where(column => Of(column).Native.CodePage is not null).ToList();
        if (narrow.Count == 0) return;
        var lost = narrow.ConvertAll(column => $"CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(varchar(max), s.{StageName(column)} {Of(column).Native.Collation}))) <> CONVERT(varbinary(max), s.{StageName(column)})");
        var which = string.Join(' ', lost.Select((condition, at) => string.Create(CultureInfo.InvariantCulture, $"WHEN {condition} THEN {at}")));
        await using var command = Connection.Command($"SELECT TOP (1) CASE {which} END FROM {Stage} AS s WHERE {string.Join(" OR ", lost)}");
        if (await command.ExecuteScalarAsync(cancel) is not int first) return;
        throw new FrontEndException(FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber,
            $"Column '{narrow[first]}' of {Target.Table} keeps text in code page {Of(narrow[first]).Native.CodePage}, which lacks a character of the value.", "Correct the row at its source, or change the column to nvarchar.");
    }

    /// <summary>Temporary tables are made anew for each use: their columns are the batch's. A statement with parameters would drop one at its end, so this has none.</summary>
    async Task CreateAsync(string table, IReadOnlyList<string> columns, CancellationToken cancel)
    {
        await Connection.RunAsync($"DROP TABLE IF EXISTS {table}", cancel);
        await Connection.RunAsync($"CREATE TABLE {table} ({string.Join(", ", columns.Select(column => $"{StageName(column)} {StageType(column)} NULL"))})", cancel);
    }

    /// <summary>Columns have names of the hub's own in temporary tables.</summary>
    string StageName(string column) => string.Create(CultureInfo.InvariantCulture, $"c{Target.Columns.TakeWhile(candidate => candidate.Name != column).Count()}");

    /// <summary>As the items are, so that the merge judges what the target takes; a key's text with the collation of its column, so that its index serves.</summary>
    string StageType(string name)
    {
        var (native, wanted) = Of(name);
        if (!wanted.Type.IsText) return Engine.Dialect.NativeType(wanted.Type, key: false);
        var collation = Target.Key.Contains(name, StringComparer.Ordinal) && native.CodePage is null && native.Collation.Length > 0 ? native.Collation : "COLLATE " + SqlServerDialect.ByCodePoint;
        return wanted.Type.Kind == ItemKind.String && SqlServerDialect.Units(wanted.Type) <= LongestUnits
            ? string.Create(CultureInfo.InvariantCulture, $"nvarchar({SqlServerDialect.Units(wanted.Type)}) {collation}")
            : $"nvarchar(max) {collation}";
    }

    /// <summary>Whether the driver sends an item's values into the column without a conversion of the server's.</summary>
    static bool IsSent(ItemType type, NativeColumn native) => native.Type == type.Kind switch
    {
        ItemKind.String or ItemKind.Text => "nvarchar",
        ItemKind.Int32 => "int",
        ItemKind.Int64 => "bigint",
        ItemKind.Decimal => native.Type == "numeric" ? "numeric" : "decimal",
        ItemKind.Double => "float",
        ItemKind.Boolean => "bit",
        ItemKind.Date => "date",
        ItemKind.Timestamp => "datetime2",
        _ => "varbinary",
    };

    (NativeColumn Native, TargetColumn Wanted) Of(string name) => Native.Zip(Target.Columns).First(pair => pair.Second.Name == name);

    string Quote(string name) => Engine.Dialect.Quote(name);
}
