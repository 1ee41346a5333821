using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>A column of a source as it is read.</summary>
/// <param name="Item">Its name in the batch.</param>
/// <param name="Column">Its name in the source.</param>
/// <param name="Type">Its natural item type.</param>
/// <param name="Native">The engine's type, fit for a cast in SQL where the engine casts by it.</param>
/// <param name="Form">The engine's own number for the way its values travel.</param>
internal sealed record ColumnShape(string Item, string Column, ItemType Type, string Native, int Form)
{
    /// <summary>The column itself, where this is a part of it (<see cref="CellPart"/>); null: this is the column.</summary>
    public ColumnShape? Of { get; init; }

    public CellPart Part { get; init; }
}
