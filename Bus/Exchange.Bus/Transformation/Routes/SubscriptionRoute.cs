using Exchange.Bus.Quarantine;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Transformation.Routes;

/// <summary>A subscription's filter and map, resolved.</summary>
internal sealed class SubscriptionRoute : IRoute
{
    static readonly BrokenRule NullKey = new("required", null, null, "A key item is null: the row has no place at the target.");

    readonly IExpression? _filter;
    readonly IReadOnlyList<RouteColumn> _columns;
    readonly RouteKey _key;
    readonly IReadOnlyList<(string Name, ItemType Type)> _items;
    readonly IReadOnlyList<(string Name, ItemType Type)> _keyItems;
    readonly IReadOnlyList<string> _readItems;
    readonly IReadOnlyList<string> _keyNames;
    readonly int[] _keyPlaces;
    readonly TimeZoneInfo _zone;

    public SubscriptionRoute(TargetTable target, string fingerprint, IExpression? filter, IReadOnlyList<RouteColumn> columns, RouteKey key, IReadOnlyList<(string Name, ItemType Type)> items, IReadOnlyList<string> keyItems, TimeZoneInfo zone)
    {
        Target = target;
        Fingerprint = fingerprint;
        _filter = filter;
        _columns = columns;
        _key = key;
        _zone = zone;
        _keyNames = keyItems;
        _items = items;
        _readItems = [.. items.Select(item => item.Name)];
        _keyItems = [.. keyItems.Select(name => items.First(item => item.Name == name))];
        Attachments = [.. items.Where(item => item.Type.IsAttachment && columns.Any(column => column.Items.Contains(item.Name))).Select(item => item.Name)];
        _keyPlaces = [.. key.Columns.Select(column => columns.ToList().IndexOf(column))];
    }

    public TargetTable Target { get; }

    public IReadOnlyList<string> Attachments { get; }

    public bool TakesEveryRow => _filter is null;

    public string Fingerprint { get; }

    public IReadOnlyList<string>? ColumnsOf(IReadOnlyList<string> items)
    {
        var columns = items.Select(item => _columns.FirstOrDefault(column => column.KeyItem == item)?.Name).ToList();
        return columns.Contains(null) ? null : [.. columns.OfType<string>()];
    }

    public RoutedBatch Route(RowBatch batch)
    {
        var view = ItemView.Of(batch, _items, _zone);
        var whole = _filter is null && !view.HasMisfits && !batch.OperationSpan.Contains(RowOperation.Delete);
        return (whole ? ColumnByColumn(batch.Count, view.Batch) : null) ?? RowByRow(batch, view);
    }

    /// <summary>Every row an upsert that stands, as in a full: columns that go through unchanged are not copied. Null when a row is refused; which and why is then found row by row.</summary>
    RoutedBatch? ColumnByColumn(int count, RowBatch view)
    {
        var columns = new Column[_columns.Count];
        for (var at = 0; at < columns.Length; at++)
        {
            if (_columns[at].Through(view) is { } through)
            {
                columns[at] = through;
                continue;
            }

            var write = _columns[at].Bind(view);
            columns[at] = Column.Create(_columns[at].Name, _columns[at].Type, count);
            for (var row = 0; row < count; row++)
                if (write(columns[at], row) is not null) return null;
        }

        foreach (var place in _keyPlaces)
            if (columns[place].HasNulls && columns[place].Nulls.Contains(true)) return null;
        return new RoutedBatch(RowBatch.OfColumns(columns, count), [.. Enumerable.Range(0, count)], []);
    }

    RoutedBatch RowByRow(RowBatch batch, ItemView view)
    {
        var filter = _filter?.Bind(view.Batch);
        var writers = _columns.Select(column => column.Bind(view.Batch)).ToArray();
        var rows = RowBatch.Empty(_columns.Select(column => (column.Name, column.Type)), batch.Count);
        var outcome = new Outcome(rows);
        for (var row = 0; row < batch.Count; row++)
        {
            List<BrokenRule>? broken = null;
            var deleted = batch.Operations[row] == RowOperation.Delete;
            view.AddMisfits(deleted ? _keyNames : _readItems, row, ref broken);
            if (broken is not null) outcome.Leave(row, deleted ? null : broken);
            else if (deleted || (filter is not null && filter.Test(row) != true)) Delete(writers, row, outcome);
            else Upsert(writers, row, outcome);
        }

        return outcome.End();
    }

    public RowBatch TargetKeys(IReadOnlyList<string> keyTexts)
    {
        var items = RowBatch.Empty(_keyItems, keyTexts.Count);
        foreach (var text in keyTexts) AppendKey(items, RowKey.Values(text));
        var keys = RowBatch.Empty(_key.Columns.Select(column => (column.Name, column.Type)), items.Count);
        var writers = _key.Columns.Select(column => column.Bind(items)).ToArray();
        var outcome = new Outcome(keys);
        for (var row = 0; row < items.Count; row++)
        {
            var fits = true;
            for (var at = 0; at < writers.Length; at++) fits &= writers[at](keys.Columns[at], row) is null && !keys.Columns[at].IsNull(keys.Count);
            outcome.Add(row, RowOperation.Delete, fits ? null : []);
        }

        return outcome.End().Rows;
    }

    public IReadOnlyList<string>? Unchanged => _filter is null && _columns.All(column => column.UnchangedItem is not null) ? [.. _columns.Select(column => column.UnchangedItem!)] : null;

    public IReadOnlyList<string?> ResourceKeys(RowBatch targetKeys)
    {
        int[] all = [.. Enumerable.Range(0, targetKeys.Columns.Count)];
        var constants = _key.Columns.Count - _keyItems.Count;
        var found = new List<string?>(targetKeys.Count);
        for (var row = 0; row < targetKeys.Count; row++)
        {
            var values = new string?[_keyItems.Count];
            for (var at = 0; at < values.Length; at++)
                values[at] = targetKeys.Columns[constants + at].TextAt(row) is { } text ? _key.Columns[constants + at].ItemText(text) : null;
            // Whatever the way back made of it: it is the key only if the way there leads to this very row.
            var candidate = values.Contains(null) ? null : RowKey.Text(values);
            var there = candidate is null ? null : TargetKeys([candidate]);
            found.Add(there is { Count: 1 } && RowKey.Text(there, all, 0) == RowKey.Text(targetKeys, all, row) ? candidate : null);
        }

        return found;
    }

    /// <summary>A key that is none of the items' types now stands at no target: it is left out.</summary>
    void AppendKey(RowBatch items, string?[] values)
    {
        if (values.Length != _keyItems.Count) return;
        var probe = RowBatch.Empty(_keyItems, 1);
        for (var at = 0; at < values.Length; at++)
            if (values[at] is not { } text || TextReading.AppendCanonical(text, probe.Columns[at]) is not null) return;
        probe.EndRow();
        items.AppendRow(probe, 0);
    }

    void Upsert(CellWriter[] writers, int row, Outcome outcome)
    {
        List<BrokenRule>? broken = null;
        for (var at = 0; at < writers.Length; at++)
            if (writers[at](outcome.Column(at), row) is { } rule) (broken ??= []).Add(rule);
        if (broken is null && HasNullKey(outcome)) broken = [NullKey];
        outcome.Add(row, RowOperation.Upsert, broken);
    }

    /// <summary>Key columns only. A key that the target's types cannot hold stands at no target: nothing is to be deleted, nobody is to be told.</summary>
    void Delete(CellWriter[] writers, int row, Outcome outcome)
    {
        var fits = true;
        for (var at = 0; at < writers.Length; at++)
        {
            if (Array.IndexOf(_keyPlaces, at) < 0) outcome.Column(at).AppendNull();
            else fits &= writers[at](outcome.Column(at), row) is null;
        }

        outcome.Add(row, RowOperation.Delete, fits && !HasNullKey(outcome) ? null : []);
    }

    bool HasNullKey(Outcome outcome)
    {
        foreach (var at in _keyPlaces)
            if (outcome.Column(at).IsNull(outcome.Count)) return true;
        return false;
    }

    /// <summary>Rows as they are made; those that were refused half-way are taken out at the end, when there are any.</summary>
    sealed class Outcome(RowBatch rows)
    {
        readonly List<int> _sources = new(rows.Count);
        readonly List<int> _left = [];
        readonly List<(int Row, IReadOnlyList<BrokenRule> Broken)> _refused = [];

        public int Count => rows.Count;

        public Column Column(int at) => rows.Columns[at];

        /// <param name="row">Row of the log batch.</param>
        /// <param name="operation">What was made of it.</param>
        /// <param name="broken">Null: it stands. Empty: it falls away in silence.</param>
        public void Add(int row, RowOperation operation, List<BrokenRule>? broken)
        {
            rows.EndRow(operation);
            _sources.Add(row);
            if (broken is null) return;
            _left.Add(rows.Count - 1);
            if (broken.Count > 0) _refused.Add((row, broken));
        }

        /// <summary>A row of which nothing was made.</summary>
        public void Leave(int row, List<BrokenRule>? broken)
        {
            if (broken is not null) _refused.Add((row, broken));
        }

        public RoutedBatch End()
        {
            if (_left.Count == 0) return new RoutedBatch(rows, _sources, _refused);
            var kept = RowBatch.Empty(rows.Columns.Select(column => (column.Name, column.Type)), rows.Count - _left.Count);
            var sources = new List<int>(rows.Count - _left.Count);
            var next = 0;
            for (var row = 0; row < rows.Count; row++)
            {
                if (next < _left.Count && _left[next] == row)
                {
                    next++;
                    continue;
                }

                kept.AppendRow(rows, row);
                sources.Add(_sources[row]);
            }

            return new RoutedBatch(kept, sources, _refused);
        }
    }
}
