using Exchange.Contracts.Rows;
using Exchange.Bus.Catalogue;

namespace Exchange.Bus.Quality.Conversion;

/// <summary>
/// Brings a source column to an item's type and normal form. A column that already is what the item asks for is handed on as it is; a value that
/// does not fit becomes null and a finding. Immutable, safe for concurrent callers.
/// </summary>
internal sealed class ItemConversion
{
    readonly Item _item;
    readonly bool _required;
    readonly int _maxCellBytes;
    readonly TimeReading _reading;
    readonly TextNormalizer? _normalizer;
    readonly decimal _decimalLimit;

    /// <param name="item">The item; its formats were checked when the manifest was applied.</param>
    /// <param name="required">Whether '' and NULL break the item (key items too).</param>
    /// <param name="maxCellBytes">Largest text or binary.</param>
    /// <param name="zone">Zone of times without an offset: the source connection's.</param>
    public ItemConversion(Item item, bool required, int maxCellBytes, TimeZoneInfo zone)
    {
        _item = item;
        _required = required;
        _maxCellBytes = maxCellBytes;
        _reading = new TimeReading(Formats(item), zone);
        _normalizer = TextNormalizer.Create(item.Normalize);
        _decimalLimit = TextNumbers.Limit(item.Type);
    }

    /// <summary>Whether two different source values may become one: then rows may share a key that the source holds apart.</summary>
    public bool MayMerge(ItemType source) => _normalizer is not null || !IsSameKind(source.Kind, _item.Type.Kind);

    /// <summary>The column in the item's type, named by the item, as many rows as the source's.</summary>
    public Column Convert(Column source, ItemFindings findings)
    {
        var staged = Stage(source);
        if (!IsSameKind(staged.Type.Kind, _item.Type.Kind)) return Each(source, staged, OtherKind(staged), findings);
        var check = SameKindCheck(staged);
        if (check is null && staged.Type == _item.Type && staged.Name == _item.Name) return staged;
        return check is null ? Copy(staged) : Each(source, staged, check, findings);
    }

    static List<DateFormat> Formats(Item item)
    {
        var formats = new List<DateFormat>();
        foreach (var text in item.Normalize.Where(DateFormat.LooksLikeOne))
            if (DateFormat.Parse(text, out var format) is null)
                formats.Add(format!);
        return formats;
    }

    static bool IsSameKind(ItemKind from, ItemKind to) => Family(from) == Family(to);

    static ItemKind Family(ItemKind kind) => kind switch
    {
        ItemKind.String => ItemKind.Text,
        ItemKind.Int32 => ItemKind.Int64,
        _ => kind,
    };

    /// <summary>The source as text where the item or its date formats ask for text, normalised.</summary>
    Column Stage(Column source)
    {
        var staged = source;
        var asText = _item.Type.IsText && source.Type.Kind != ItemKind.Binary;
        var numberAsDate = _reading.Formats.Count > 0 && source.Type.Kind is ItemKind.Int32 or ItemKind.Int64;
        if ((asText || numberAsDate) && !source.Type.IsText) staged = CellConversions.ToText(source);
        return _normalizer is not null && staged.Type.IsText ? _normalizer.Apply((BytesColumn)staged) : staged;
    }

    CellConversion OtherKind(Column staged)
    {
        var convert = CellConversions.Choose(staged.Type.Kind, _item.Type, _reading);
        var impossible = CellProblem.Type($"is of type {staged.Type}, which cannot be read as {_item.Type}");
        if (convert is null) return (_, _, _) => impossible;
        if (!staged.Type.IsText || !_required) return convert;
        var missing = new CellProblem("required", "A value is required, but the text is empty.");
        return (column, row, target) => ((BytesColumn)column)[row].IsEmpty ? missing : convert(column, row, target);
    }

    /// <summary>Null when every value of the column is one of the item's: the common case, found by a look over the whole column.</summary>
    CellConversion? SameKindCheck(Column column)
    {
        switch (column)
        {
            case BytesColumn bytes when (_item.Type.IsText && bytes.Data.Span.Contains((byte)0)) || IsLarge(bytes):
                return (source, row, target) => CheckBytes((BytesColumn)source, row, (BytesColumn)target);
            case LongColumn longs when _item.Type.Kind == ItemKind.Int32 && longs.Values.ContainsAnyExceptInRange(int.MinValue, int.MaxValue):
                return (source, row, target) => Bounded((LongColumn)source, row, (LongColumn)target);
            case DecimalColumn decimals when !AllFit(decimals):
                return (source, row, target) => Fitting((DecimalColumn)source, row, (DecimalColumn)target);
            case DoubleColumn doubles when !AllFinite(doubles):
                return (source, row, target) => Finite((DoubleColumn)source, row, (DoubleColumn)target);
            default:
                return null;
        }
    }

    bool IsLarge(BytesColumn column)
    {
        if (column.Data.Length <= _maxCellBytes) return false;
        for (var row = 0; row < column.Count; row++)
            if (column[row].Length > _maxCellBytes) return true;
        return false;
    }

    CellProblem? CheckBytes(BytesColumn source, int row, BytesColumn target)
    {
        var value = source[row];
        if (value.Length > _maxCellBytes) return new CellProblem("size", $"The value has {value.Length} bytes; at most {_maxCellBytes} are allowed.");
        if (_item.Type.IsText && value.Contains((byte)0)) return new CellProblem("nul", "The text contains a NUL character (U+0000).");
        target.Append(value);
        return null;
    }

    static CellProblem? Bounded(LongColumn source, int row, LongColumn target)
    {
        if (source[row] is < int.MinValue or > int.MaxValue) return TextNumbers.OutOfRange(int.MinValue, int.MaxValue);
        target.Append(source[row]);
        return null;
    }

    bool AllFit(DecimalColumn column)
    {
        for (var row = 0; row < column.Count; row++)
            if ((column[row].Scale > _item.Type.Scale || decimal.Abs(column[row]) >= _decimalLimit) && TextNumbers.Fit(column[row], _item.Type) is not null) return false;
        return true;
    }

    CellProblem? Fitting(DecimalColumn source, int row, DecimalColumn target)
    {
        if (TextNumbers.Fit(source[row], _item.Type) is { } problem) return problem;
        target.Append(source[row]);
        return null;
    }

    static bool AllFinite(DoubleColumn column)
    {
        for (var row = 0; row < column.Count; row++)
            if (!double.IsFinite(column[row])) return false;
        return true;
    }

    static CellProblem? Finite(DoubleColumn source, int row, DoubleColumn target)
    {
        if (!double.IsFinite(source[row])) return new CellProblem("not-finite", "The value is not a finite number.");
        target.Append(source[row]);
        return null;
    }

    Column Copy(Column source)
    {
        var target = Column.Create(_item.Name, _item.Type, source.Count);
        for (var row = 0; row < source.Count; row++) target.AppendFrom(source, row);
        return target;
    }

    Column Each(Column original, Column staged, CellConversion convert, ItemFindings findings)
    {
        var target = Column.Create(_item.Name, _item.Type, staged.Count);
        for (var row = 0; row < staged.Count; row++)
        {
            if (staged.IsNull(row))
            {
                target.AppendNull();
                continue;
            }

            if (convert(staged, row, target) is not { } problem) continue;
            target.AppendNull();
            var value = ValueText.At(original, row);
            findings.BreakValue(row, problem.Rule, value, Sentence(problem.Message, value));
        }

        return target;
    }

    /// <summary>Problems that begin with a verb speak of the value.</summary>
    static string Sentence(string message, string? value) => char.IsLower(message[0]) ? $"{ValueText.Quote(value)} {message}." : message;
}
