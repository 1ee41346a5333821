using Exchange.Bus.Catalogue;
using Exchange.Bus.Intake;
using Exchange.Bus.Transformation;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Reconciliation;

/// <summary>
/// Sums of both sides computed in their databases by one form. Only where no item is an attachment, and a value stands at the target just as it stands at the source: no filter, code map, computed or converted column, no
/// normalisation, columns of one kind on both sides, one row a key.
/// </summary>
internal sealed class DatabaseSums
{
    readonly SourceSide _source;
    readonly TargetSide _target;
    readonly ChecksumQuery _ofSource;
    readonly ChecksumQuery _ofTarget;
    readonly string _form;

    DatabaseSums(SourceSide source, TargetSide target, ChecksumQuery ofSource, ChecksumQuery ofTarget, string form) =>
        (_source, _target, _ofSource, _ofTarget, _form) = (source, target, ofSource, ofTarget, form);

    /// <summary>Null: it must be done in the hub.</summary>
    public static async Task<DatabaseSums?> TryAsync(IRoute route, SourceSide source, TargetSide target, CancellationToken cancel)
    {
        var plan = source.Plan;
        if (route.Unchanged is not { } items || plan.FollowsControl || plan.Attachments is not null || !plan.Query.KeyIsUnique || plan.Source.Table is not { } table || target.Table is null || route.Target.Scope.Count > 0) return null;
        if (!items.All(item => Stands(plan, plan.Resource.FindItem(item)!))) return null;
        int[] key = [.. route.Target.Key.Select(name => route.Target.Columns.TakeWhile(column => column.Name != name).Count())];
        var ofSource = new ChecksumQuery { Table = table, Columns = [.. items.Select((item, at) => new ChecksumColumn(SourcePlan.ColumnOf(plan.Source, item), route.Target.Columns[at].Type))], Key = key };
        var ofTarget = new ChecksumQuery { Table = route.Target.Table, Columns = [.. route.Target.Columns.Select(column => new ChecksumColumn(column.Name, column.Type))], Key = key, Deleted = target.Deleted };
        var forms = await Task.WhenAll(plan.Database.Checksums.FormsAsync(ofSource, cancel), target.Database.Checksums.FormsAsync(ofTarget, cancel));
        return forms[0].FirstOrDefault(forms[1].Contains) is { } form ? new DatabaseSums(source, target, ofSource, ofTarget, form) : null;
    }

    /// <summary>Of the whole tables, both sides at once: one plain aggregate a side.</summary>
    public async Task<(TableSum Source, TableSum Target)> WholeAsync(CancellationToken cancel)
    {
        var both = await Task.WhenAll(_source.Plan.Database.Checksums.SumWholeAsync(_ofSource, _form, cancel), _target.Database.Checksums.SumWholeAsync(_ofTarget, _form, cancel));
        return (both[0], both[1]);
    }

    /// <summary>By ranges of key hashes, both sides at once.</summary>
    public async Task<(RangeSums Source, RangeSums Target)> BothAsync(CancellationToken cancel)
    {
        var both = await Task.WhenAll(_source.Plan.Database.Checksums.SumAsync(_ofSource, _form, cancel), _target.Database.Checksums.SumAsync(_ofTarget, _form, cancel));
        return (both[0], both[1]);
    }

    /// <summary>A statement that reads only the rows of those ranges.</summary>
    public string OfSource(IReadOnlyList<int> ranges) => _source.Plan.Database.Checksums.Select(_ofSource, _form, ranges);

    /// <inheritdoc cref="OfSource"/>
    public string OfTarget(IReadOnlyList<int> ranges) => _target.Database.Checksums.Select(_ofTarget, _form, ranges);

    static bool Stands(SourcePlan plan, Item item) =>
        item.Normalize.Count == 0 && plan.Table.Find(SourcePlan.ColumnOf(plan.Source, item.Name)) is { } column
        && (column.Type.Kind == item.Type.Kind || (column.Type.IsText && item.Type.IsText) || (IsWhole(column.Type) && IsWhole(item.Type)));

    static bool IsWhole(ItemType type) => type.Kind is ItemKind.Int32 or ItemKind.Int64;
}
