using System.Data;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

internal sealed partial class SqlServerReadSession
{
    const int PieceBytes = 64 * 1024;

    public override string Contents(ColumnShape column) => $"CONVERT(varbinary(max), {Name(column)})";

    public override string Size(ColumnShape column) => $"CONVERT(bigint, DATALENGTH({Name(column)}))";

    /// <exception cref="FrontEndException">Standing: a text, whose bytes before SQL Server 2019 can't be had as UTF-8.</exception>
    public override ColumnShape PartOf(ColumnShape column, CellPart part)
    {
        if (Form(column) is not (SqlServerForm.Binary or SqlServerForm.Image))
            throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider, $"Column '{column.Column}' is a text; on SQL Server an attachment is varbinary or image.", "Give the item the type text, or keep the contents in a varbinary(max) column.");
        return part == CellPart.Size
            ? column with { Type = Natural.Int64, Native = new SqlServerNative("bigint", null, IsLarge: false, IsClr: false).ToString(), Form = (int)SqlServerForm.Int64 }
            : column with { Type = Natural.Binary, Native = new SqlServerNative("varbinary(max)", null, IsLarge: false, IsClr: false).ToString(), Form = (int)SqlServerForm.Binary };
    }

    /// <summary>By one statement, which without a snapshot holds the row until it is read.</summary>
    public override async Task ReadContentsAsync(SourceQuery query, ReadPlan plan, RowBatch key, ColumnShape column, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancel)
    {
        if (Key(plan.Key, key, 0) is not { } parameters) return;
        await using var command = new SqlCommand { Connection = _connection };
        var same = string.Join(" AND ", plan.Key.Select((part, at) => Same(part, Add(command, parameters[at]))));
        command.CommandText = $"SELECT {Contents(column)} FROM {plan.From} WHERE {same}";
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess | CommandBehavior.SingleRow, cancel);
        if (!await reader.ReadAsync(cancel) || await reader.IsDBNullAsync(0, cancel)) return;
        await using var contents = reader.GetStream(0);
        var piece = new byte[PieceBytes];
        var any = false;
        while (await contents.ReadAsync(piece, cancel) is > 0 and var read)
        {
            any = true;
            await take(piece.AsMemory(0, read));
        }

        if (!any) await take(ReadOnlyMemory<byte>.Empty);
    }
}
