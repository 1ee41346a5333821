using System.Buffers;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

internal sealed partial class MySqlReadSession
{
    /// <summary>The driver holds what one statement answers; well below the 16 MB that a server's packet has by default.</summary>
    const int PieceBytes = 8 * 1024 * 1024;

    public override string Contents(ColumnShape column) => Form(column) == MySqlForm.Binary ? Name(column) : Bytes(column);

    public override string Size(ColumnShape column) => $"OCTET_LENGTH({(Form(column) is MySqlForm.Binary or MySqlForm.Text ? Name(column) : Bytes(column))})";

    /// <summary>Not marked as large: what is too large does not come.</summary>
    public override ColumnShape PartOf(ColumnShape column, CellPart part) => part == CellPart.Size
        ? column with { Type = Natural.Int64, Native = "", Form = (int)MySqlForm.Whole }
        : column with { Type = Natural.Binary, Native = "", Form = (int)MySqlForm.Binary };

    /// <summary>Piece by piece: all of them stand in the snapshot that the session reads.</summary>
    public override async Task ReadContentsAsync(SourceQuery query, ReadPlan plan, RowBatch key, ColumnShape column, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancel)
    {
        await using var command = new MySqlCommand { Connection = _connection };
        if (KeyCondition(command, plan.Key, key, 0, 0) is not { } condition) return;
        command.CommandText = $"SELECT SUBSTRING({Contents(column)}, @from, {PieceBytes}) FROM {plan.From} WHERE {condition}";
        var from = command.Parameters.AddWithValue("@from", 1L);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var (at, read) = (1L, PieceBytes); read == PieceBytes; at += read)
            {
                from.Value = at;
                read = 0;
                await using (var reader = await command.ExecuteReaderAsync(cancel))
                {
                    if (!await reader.ReadAsync(cancel) || await reader.IsDBNullAsync(0, cancel)) return;
                    read = Bytes(reader, 0, ref buffer).Length;
                }

                if (read > 0 || at == 1) await take(buffer.AsMemory(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Null: a part of the key is null, so no row is the key's.</summary>
    /// <param name="command">Takes the parameters.</param>
    /// <param name="key">The key's columns.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="row">Which of them.</param>
    /// <param name="number">Of this key in the command.</param>
    string? KeyCondition(MySqlCommand command, IReadOnlyList<ColumnShape> key, RowBatch keys, int row, int number)
    {
        var parts = new List<string>();
        for (var at = 0; at < key.Count && !keys.Columns[at].IsNull(row); at++) parts.Add($"{Name(key[at])} = {KeyParameter(command, key[at], keys.Columns[at], row, number, at)}");
        return parts.Count == key.Count ? string.Join(" AND ", parts) : null;
    }
}
