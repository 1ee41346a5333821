using System.Text.Unicode;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>
/// Refuses rows that an engine would change in silence: bulk loads and some engines cut text, round decimals or keep what a column's type
/// does not allow, so what the declared types promise is proved before anything is sent.
/// </summary>
/// <param name="target">What is written.</param>
/// <param name="dropsBlanks">Columns whose engine drops trailing blanks.</param>
internal sealed class RowGuard(TargetTable target, IReadOnlySet<string> dropsBlanks)
{
    /// <exception cref="FrontEndException">Row: the first value that can't be written as it is.</exception>
    public void Check(RowBatch rows, IReadOnlyList<int> ordinals)
    {
        for (var at = 0; at < ordinals.Count; at++)
        {
            var column = rows.Columns[ordinals[at]];
            var wanted = target.Columns[at];
            var key = target.Key.Contains(wanted.Name, StringComparer.Ordinal);
            Nulls(rows, column, wanted, key);
            Values(rows, column, wanted, key);
        }
    }

    /// <summary>Key columns only, in key order.</summary>
    public void CheckKeys(RowBatch keys)
    {
        for (var at = 0; at < target.Key.Count; at++)
        {
            var wanted = target.Columns.First(column => column.Name == target.Key[at]);
            Nulls(keys, keys.Columns[at], wanted, key: true);
            Values(keys, keys.Columns[at], wanted, key: true);
        }
    }

    void Nulls(RowBatch rows, Column column, TargetColumn wanted, bool key)
    {
        if (!column.HasNulls || (!key && !wanted.Required)) return;
        for (var row = 0; row < rows.Count; row++)
            if (column.IsNull(row) && (key || rows.Operations[row] == RowOperation.Upsert))
                throw Refused(wanted, row, key ? "a key item is null" : "a required item is null");
    }

    void Values(RowBatch rows, Column column, TargetColumn wanted, bool key)
    {
        if (column is BytesColumn text ? IsPlain(text, wanted) : column is DecimalColumn numbers && IsPlain(numbers, wanted.Type)) return;
        for (var row = 0; row < rows.Count; row++)
        {
            if (column.IsNull(row) || (!key && rows.Operations[row] == RowOperation.Delete)) continue;
            if (Wrong(column, wanted, row) is { } wrong) throw Refused(wanted, row, wrong);
        }
    }

    /// <summary>Whether a look over the whole column at once shows that every value can be written: the common case.</summary>
    bool IsPlain(BytesColumn column, TargetColumn wanted)
    {
        if (wanted.Type.Kind == ItemKind.Binary) return true;
        var data = column.Data.Span;
        var offsets = column.Offsets.Span;
        if (data.Contains((byte)0) || !Utf8.IsValid(data) || dropsBlanks.Contains(wanted.Name)) return false;
        var most = wanted.Type.Kind == ItemKind.String ? wanted.Type.Length : int.MaxValue;
        for (var row = 0; row < column.Count; row++)
        {
            var (from, to) = (offsets[row], offsets[row + 1]);
            // The whole is valid, but a value may begin in the middle of a code point.
            if (from < data.Length && (data[from] & Continues) == Continuation) return false;
            if (to - from > most && CodePoints(data[from..to]) > most) return false;
        }

        return true;
    }

    static bool IsPlain(DecimalColumn column, ItemType type)
    {
        var limit = Limit(type);
        foreach (var value in column.Values)
            if (value.Scale > type.Scale || Math.Abs(value) >= limit) return false;
        return true;
    }

    string? Wrong(Column column, TargetColumn wanted, int row) => (column, wanted.Type.Kind) switch
    {
        (BytesColumn, ItemKind.Binary) => null,
        (BytesColumn text, _) => WrongText(text[row], wanted),
        (DecimalColumn number, _) => WrongDecimal(number[row], wanted.Type),
        (DoubleColumn number, _) => double.IsFinite(number[row]) ? null : "the number is not finite",
        (LongColumn number, var kind) => WrongNumber(number[row], kind),
        _ => null,
    };

    string? WrongText(ReadOnlySpan<byte> text, TargetColumn wanted)
    {
        if (text.Contains((byte)0)) return "the text holds a NUL character";
        if (!Utf8.IsValid(text)) return "the text is not valid UTF-8";
        if (wanted.Type.Kind == ItemKind.String && text.Length > wanted.Type.Length && CodePoints(text) is var length && length > wanted.Type.Length)
            return $"the text has {length} characters, the column holds {wanted.Type.Length}";
        return text.Length > 0 && text[^1] == (byte)' ' && dropsBlanks.Contains(wanted.Name) ? "the text ends in a blank, which the column's type drops" : null;
    }

    static string? WrongDecimal(decimal value, ItemType type)
    {
        if (decimal.Round(value, type.Scale) != value) return $"the number has more than {type.Scale} digits after the point";
        return Math.Abs(value) >= Limit(type) ? $"the number has more than {type.Precision - type.Scale} digits before the point" : null;
    }

    /// <summary>The first whole number that has too many digits.</summary>
    static decimal Limit(ItemType type)
    {
        var limit = 1m;
        for (var digit = type.Precision - type.Scale; digit > 0; digit--) limit *= 10;
        return limit;
    }

    static string? WrongNumber(long value, ItemKind kind) => kind switch
    {
        ItemKind.Int32 when value is < int.MinValue or > int.MaxValue => "the number is beyond 32 bits",
        ItemKind.Boolean when value is not (0 or 1) => "the value is neither true nor false",
        ItemKind.Date when value < Temporal.SmallestDay || value > Temporal.LargestDay => "the date is beyond the years 0001 to 9999",
        ItemKind.Timestamp when value < Temporal.SmallestMicrosecond || value > Temporal.LargestMicrosecond => "the instant is beyond the years 0001 to 9999",
        _ => null,
    };

    /// <summary>Bits that tell a byte that continues a code point (RFC 3629, 3).</summary>
    const int Continues = 0xC0, Continuation = 0x80;

    static int CodePoints(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var unit in text)
            if ((unit & Continues) != Continuation) count++; // every code point has exactly one byte that does not continue another
        return count;
    }

    FrontEndException Refused(TargetColumn column, int row, string why) => new(
        FrontEndFault.Row, ErrorCodes.FrontEndFailed, Party.Subscriber, $"Column '{column.Name}' of {target.Table} can't take row {row + 1} of {column.Type} as it is: {why}.",
        "Correct the row at its source, or change the subscription's map or the item's type.");
}
