using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.PostgreSql;

internal sealed partial class PostgreSqlReadSession
{
    const int PieceBytes = 64 * 1024;

    public override string Contents(ColumnShape column) => Form(column) == PostgreSqlForm.Binary ? Name(column) : $"convert_to({Name(column)}::text, 'UTF8')";

    /// <summary>Of a stored value the length is known without reading it.</summary>
    public override string Size(ColumnShape column) => $"octet_length({(Form(column) is PostgreSqlForm.Binary or PostgreSqlForm.Text ? Name(column) : Name(column) + "::text")})::int8";

    public override ColumnShape PartOf(ColumnShape column, CellPart part) => part == CellPart.Size
        ? column with { Type = Natural.Int64, Native = "int8", Form = (int)PostgreSqlForm.Int64 }
        : column with { Type = Natural.Binary, Native = "bytea", Form = (int)PostgreSqlForm.Binary };

    /// <summary>One copy of the one cell: the server sends it whole, what is held here is a buffer.</summary>
    public override async Task ReadContentsAsync(SourceQuery query, ReadPlan plan, RowBatch key, ColumnShape column, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancel)
    {
        var condition = KeyCondition(plan.Key, key, out var parameters);
        await SetAsync(parameters, cancel);
        await using var stream = await _connection.BeginRawBinaryCopyAsync($"COPY (\nSELECT {Contents(column)} FROM {plan.From} WHERE {condition}\n) TO STDOUT (FORMAT BINARY)", cancel);
        using var copy = new CopyReader(stream);
        await copy.StartAsync(cancel);
        await copy.FillAsync(sizeof(short), cancel);
        if (copy.IsEnd) return;
        copy.Int16();
        var left = await LengthAsync(copy, cancel);
        var piece = new byte[PieceBytes];
        do
        {
            var now = Math.Clamp(left, 0, PieceBytes);
            if (!copy.Has(now)) await copy.FillAsync(now, cancel);
            copy.Take(now).CopyTo(piece);
            await take(piece.AsMemory(0, now));
            left -= now;
        }
        while (left > 0);

        await LeaveAsync(stream, cancel);
    }

    string KeyCondition(IReadOnlyList<ColumnShape> key, RowBatch keys, out IReadOnlyList<byte[]> parameters)
    {
        parameters = [.. key.Select((column, at) => Array(column, keys.Columns[at]))];
        var unnested = string.Join(", ", key.Select((column, at) => $"{Setting(at)}::{(Form(column) == PostgreSqlForm.CastUnordered ? "text" : column.Native)}[]"));
        var same = string.Join(" AND ", key.Select((column, at) => $"{(Form(column) == PostgreSqlForm.CastUnordered ? OrderText(column) : Name(column))} = k.k{at}"));
        var names = string.Join(", ", key.Select((_, at) => $"k{at}"));
        return $"EXISTS (SELECT 1 FROM unnest({unnested}) AS k({names}) WHERE {same})";
    }
}
