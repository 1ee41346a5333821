using System.Runtime.CompilerServices;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Limits;
using Exchange.Bus.Quality;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>What the target holds: the subscription's own rows, those marked as deleted left out, in the types that the map gives them.</summary>
internal sealed class TargetSide
{
    /// <summary>interfaces.md, front-end database conventions.</summary>
    const string DeletedColumn = "exchange_deleted";

    const int PagesTogether = 64;

    readonly TargetTable _target;
    readonly SourceQuery _query;
    readonly IRowJudge _converts;
    readonly PacedSource _paced;
    readonly int[] _keys;

    TargetSide(IFrontEndDatabase database, TargetTable target, TableDescription? table, bool marked, IRowJudge converts)
    {
        Database = database;
        _paced = new PacedSource(database.Source);
        Table = table;
        Marked = marked;
        _target = target;
        _converts = converts;
        _keys = [.. target.Key.Select(key => target.Columns.TakeWhile(column => column.Name != key).Count())];
        _query = new SourceQuery
        {
            Table = target.Table,
            Columns = [.. target.Columns.Select(column => column.Name).Concat(marked ? [DeletedColumn] : []).Select(name => new SourceColumn(name, name))],
            Key = target.Key,
            KeyIsUnique = true,
        };
    }

    public IFrontEndDatabase Database { get; }

    /// <summary>The right to use the target's connection now.</summary>
    public ConnectionTurn Turn
    {
        get => _paced.Turn;
        set => _paced.Turn = value;
    }

    /// <summary>Null: it does not exist, so it holds nothing.</summary>
    public TableDescription? Table { get; }

    /// <summary>Whether rows may be marked as deleted.</summary>
    public bool Marked { get; }

    public string? Deleted => Marked ? DeletedColumn : null;

    /// <exception cref="FrontEndException">Not reachable, or columns of the map are missing.</exception>
    public static async Task<TargetSide> CreateAsync(IFrontEndDatabase database, TargetTable target, CatalogueSnapshot catalogue, IRowJudgeFactory judges, CancellationToken cancel)
    {
        var table = await database.DescribeAsync(target.Table, cancel);
        if (table is not null && target.Columns.FirstOrDefault(column => table.Find(column.Name) is null) is { } missing)
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing, Party.Subscriber, $"Connection {database.Connection.Name}: {target.Table} has no column '{missing.Name}'.", "Run the exchange first: it says what the table lacks.");
        var marked = table?.Find(DeletedColumn) is not null && target.Columns.All(column => column.Name != DeletedColumn);
        var items = target.Columns.Select(column => new Item { Name = column.Name, Type = column.Type });
        if (marked) items = items.Append(new Item { Name = DeletedColumn, Type = new ItemType(ItemKind.Boolean) });
        var converts = judges.Create(new Resource { Name = target.Subscription, Provider = "", Key = target.Key, Items = [.. items] }, catalogue);
        return new TargetSide(database, target, table, marked, converts);
    }

    /// <summary>All rows, or those of a statement that selects some of the same columns.</summary>
    public async IAsyncEnumerable<SideRows> ReadAsync(string? statement, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (Table is null) yield break;
        var query = statement is null ? _query : _query with { Table = null, Query = statement };
        string? next = null;
        do
        {
            await foreach (var page in _paced.ReadPagesAsync(query, next, 20_000, KeyTexts.PageBytes, PagesTogether, cancel))
            {
                next = page.Resume;
                yield return await OwnAsync(page, cancel);
            }
        }
        while (next is not null);
    }

    /// <summary>The rows of those keys as they are now.</summary>
    /// <param name="keys">Texts of the target's key.</param>
    /// <param name="cancel">Stops.</param>
    public async IAsyncEnumerable<SideRows> ReadKeysAsync(IReadOnlyList<string> keys, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (Table is null) yield break;
        var natural = KeyTexts.Read(keys, [.. _target.Key.Select(key => (key, Table.Find(key)!.Type))]);
        await foreach (var page in KeyTexts.PagesAsync(_paced, _query, natural, cancel)) yield return await OwnAsync(page, cancel);
    }

    async Task<SideRows> OwnAsync(SourcePage page, CancellationToken cancel)
    {
        var judged = await _converts.JudgeAsync(page, null, cancel);
        var columns = _target.Columns.Select(column => (column.Name, column.Type)).ToList();
        var misfits = judged.Rejected.Select(row => row.Key).OfType<string>().ToList();
        var misfitKeys = misfits.Count == 0 ? null : KeyTexts.Read(misfits, [.. _keys.Select(at => columns[at])]);
        var accepted = judged.Accepted;
        var whole = RowBatch.OfColumns([.. columns.Select(column => accepted[column.Name])], accepted.Count);
        if (!Marked && _target.Scope.Count == 0) return new SideRows(whole, null, misfitKeys, null);
        var own = RowBatch.Empty(columns, accepted.Count);
        var deleted = Marked ? (LongColumn)accepted[DeletedColumn] : null;
        for (var row = 0; row < accepted.Count; row++)
        {
            if (deleted is not null && !deleted.IsNull(row) && deleted[row] != 0) continue;
            if (_target.Scope.All(constant => whole[constant.Key].TextAt(row) == constant.Value)) own.AppendRow(whole, row);
        }

        return new SideRows(own, null, misfitKeys, null);
    }
}
