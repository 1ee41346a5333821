using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Writing;

/// <summary>The columns that mark a row as deleted (interfaces.md, front-end database conventions).</summary>
internal static class Tombstone
{
    public const string Deleted = "exchange_deleted";
    public const string DeletedAt = "exchange_deleted_at";

    public static readonly IReadOnlyList<TargetColumn> Columns =
    [
        new(Deleted, new ItemType(ItemKind.Boolean), Required: true, "Whether the row was deleted at its source"),
        new(DeletedAt, new ItemType(ItemKind.Timestamp), Required: false, "When it was marked as deleted (UTC)"),
    ];
}
