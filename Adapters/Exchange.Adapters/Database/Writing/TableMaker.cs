using System.Data.Common;
using System.Text;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Writes the DDL of tables that the hub makes.</summary>
internal sealed class TableMaker(TargetEngine engine)
{
    public async Task CreateAsync(DbConnection connection, TargetTable target, CancellationToken cancel)
    {
        var columns = All(target);
        var types = engine.ColumnTypes(connection, target, columns);
        var sql = new StringBuilder("CREATE TABLE ").Append(engine.Dialect.Quote(target.Table)).Append(" (");
        for (var at = 0; at < columns.Count; at++) sql.Append(Definition(columns[at], types[at], columns[at].Required || IsKey(target, columns[at]))).Append(", ");
        sql.Append(engine.PrimaryKey(target)).Append(" (").AppendJoin(", ", target.Key.Select(engine.Dialect.Quote)).Append("))").Append(engine.TableOptions(connection, target));
        await connection.RunAsync(sql.ToString(), cancel);
        foreach (var comment in engine.Comments(target, columns)) await connection.RunAsync(comment, cancel);
    }

    public async Task AddAsync(DbConnection connection, TargetTable target, IReadOnlyList<TargetColumn> columns, CancellationToken cancel)
    {
        // One at a time: the types of several new columns together may not fit beside those that stand.
        foreach (var column in columns)
        {
            var type = engine.ColumnTypes(connection, target, [column])[0];
            await connection.RunAsync($"ALTER TABLE {engine.Dialect.Quote(target.Table)} {engine.AddColumn} {Definition(column, type, column.Name == Tombstone.Deleted)}", cancel);
        }

        foreach (var comment in engine.Comments(target with { Title = null }, columns)) await connection.RunAsync(comment, cancel);
    }

    /// <summary>The target's own columns and, where deletions leave tombstones, theirs.</summary>
    public static IReadOnlyList<TargetColumn> All(TargetTable target) => target.Deletes == DeletePolicy.Tombstone ? [.. target.Columns, .. Tombstone.Columns] : target.Columns;

    static bool IsKey(TargetTable target, TargetColumn column) => target.Key.Contains(column.Name, StringComparer.Ordinal);

    string Definition(TargetColumn column, string type, bool required)
    {
        var definition = new StringBuilder(engine.Dialect.Quote(column.Name)).Append(' ').Append(type);
        if (required) definition.Append(" NOT NULL");
        if (column.Name == Tombstone.Deleted) definition.Append(" DEFAULT ").Append(engine.False);
        return definition.Append(engine.ColumnOptions(column)).ToString();
    }
}
