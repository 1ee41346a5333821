using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Writing;

/// <summary>Compares a table that stands with what a target needs: everything that does not fit at once, each with its cure.</summary>
internal sealed class TargetFit
{
    readonly TargetEngine _engine;
    readonly TargetTable _target;
    readonly TableDescription _found;
    readonly List<string> _problems = [];
    readonly List<TargetColumn> _additions = [];

    TargetFit(TargetEngine engine, TargetTable target, TableDescription found)
    {
        _engine = engine;
        _target = target;
        _found = found;
    }

    /// <summary>Whole sentences; empty when the table fits once <see cref="Additions"/> are made.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public IReadOnlyList<TargetColumn> Additions => _additions;

    public static TargetFit Compare(TargetEngine engine, TargetTable target, TableDescription found, IReadOnlyList<NativeColumn> columns, IEnumerable<string> ofEngine)
    {
        var fit = new TargetFit(engine, target, found);
        if (found.IsView)
        {
            fit._problems.Add($"{target.Table} is a view; rows can be delivered into a table only: name a table, or drop the view and let the hub make the table.");
            return fit;
        }

        if (!found.Transactional)
            fit._problems.Add($"{target.Table} is kept by a storage engine without transactions, where a failed delivery would leave half of its rows: run ALTER TABLE … ENGINE=InnoDB.");
        foreach (var column in TableMaker.All(target)) fit.Judge(column, columns);
        fit.JudgeUnwritten();
        fit.JudgeKey();
        fit._problems.AddRange(ofEngine);
        return fit;
    }

    void Judge(TargetColumn wanted, IReadOnlyList<NativeColumn> columns)
    {
        var found = columns.FirstOrDefault(candidate => candidate.Name == wanted.Name) ?? columns.FirstOrDefault(candidate => _engine.Names.Equals(candidate.Name, wanted.Name));
        if (found is null)
        {
            if (wanted.Name == Tombstone.Deleted || (!wanted.Required && !IsKey(wanted.Name))) _additions.Add(wanted);
            else
                _problems.Add($"{_target.Table} has no column '{wanted.Name}', and a column that must hold a value can't be added to rows that stand: add it as {Spelling(wanted)}, or map the item to another column.");
            return;
        }

        if (found.Generated)
        {
            _problems.Add($"Column '{found.Name}' of {_target.Table} is computed by the database and can't be written: map the item to another column.");
            return;
        }

        if (_engine.Needed(wanted.Type, found) is { } needed)
            _problems.Add($"Column '{found.Name}' of {_target.Table} is {found.Spelling}, which can't hold every {wanted.Type} as it is: change it to {needed}, or map the item to another column.");
    }

    void JudgeUnwritten()
    {
        var written = TableMaker.All(_target);
        foreach (var column in _found.Columns)
        {
            if (!column.Required || written.Any(target => _engine.Names.Equals(target.Name, column.Name))) continue;
            _problems.Add($"Column '{column.Name}' of {_target.Table} is NOT NULL, has no default and is not written: map an item to it, or give it a default.");
        }
    }

    void JudgeKey()
    {
        var names = string.Join(", ", _target.Key);
        if (!_found.UniqueKeys.Append(_found.PrimaryKey).Any(unique => unique.Count > 0 && unique.ToHashSet(_engine.Names).SetEquals(_target.Key)))
            _problems.Add($"{_target.Table} has no primary key or unique index exactly on ({names}), so that a row could be written twice: add a unique index on ({names}).");
        foreach (var key in _target.Key)
        {
            if (_found.Columns.FirstOrDefault(column => _engine.Names.Equals(column.Name, key)) is not { CaseInsensitive: true } column) continue;
            var type = _target.Columns.First(candidate => candidate.Name == key).Type;
            _problems.Add($"Key column '{column.Name}' of {_target.Table} ({column.NativeType}) takes different texts for the same (case, accents or trailing blanks), so that one row would replace another: change it to {_engine.Dialect.NativeType(type, key: true)}, which compares by code point.");
        }
    }

    string Spelling(TargetColumn column) => $"{_engine.Dialect.NativeType(column.Type, IsKey(column.Name))} NOT NULL";

    bool IsKey(string column) => _target.Key.Contains(column, StringComparer.Ordinal);
}
