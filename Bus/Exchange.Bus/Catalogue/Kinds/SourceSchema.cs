using Exchange.Bus.Catalogue.Schema;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Catalogue.Kinds;

/// <summary>Where a resource's rows are read, and how changes are found.</summary>
internal static class SourceSchema
{
    /// <summary>capture as written.</summary>
    sealed record Capture(CaptureMode Mode, string? Column, TimeSpan? MaxLateness, long? MaxSlotLag);

    /// <summary>errors as written.</summary>
    sealed record PushBack(bool On, TableName? Table);

    static readonly Field<CaptureMode> Mode = new("mode", Scalars.Choice(
        [("snapshot", CaptureMode.Snapshot), ("cursor", CaptureMode.Cursor), ("changelog", CaptureMode.ChangeLog), ("control", CaptureMode.Control), ("wal", CaptureMode.Wal)]),
        "snapshot (only fulls), cursor (a rising column), changelog (triggers of the hub; catches deletes), control (columns cd_batch, cd_time, cd_id, cd_operation that the department fills), wal (PostgreSQL's own log, by a publication and a slot; catches deletes and TRUNCATE).",
        required: true);

    static readonly Field<string> Column = new("column", Scalars.Identifier, "Mode cursor: the rising column, a time or a whole number.");

    static readonly Field<TimeSpan> MaxLateness = new("maxLateness", Scalars.Duration,
        "Mode cursor: how much later than its value in the column a row may be committed; default 10m. What comes later still is found by reconciliation.");

    static readonly Field<long> MaxSlotLag = new("maxSlotLag", Scalars.Size(1L << 20, 1L << 50),
        "Mode wal: how much log the slot may make the provider's server keep; default 4GiB. A warning comes at half of it; beyond it the slot is given up, and the full is re-organised (reason d).");

    static readonly RecordShape<Capture> CaptureRecord = new("capture", [Mode, Column, MaxLateness, MaxSlotLag],
        values => new Capture(values.Required(Mode), values.Optional(Column), values.OptionalValue(MaxLateness), values.OptionalValue(MaxSlotLag)))
    {
        Check = capture => capture switch
        {
            { Mode: CaptureMode.Cursor, Column: null } => ("mode", "capture mode cursor needs `column`, a column that rises with every change, such as updated_at"),
            { Mode: not CaptureMode.Cursor, Column: not null } => ("column", "only capture mode cursor has a column"),
            { Mode: not CaptureMode.Cursor, MaxLateness: not null } => ("maxLateness", "only capture mode cursor has maxLateness"),
            { Mode: not CaptureMode.Wal, MaxSlotLag: not null } => ("maxSlotLag", "only capture mode wal has maxSlotLag"),
            _ => null,
        },
    };

    static readonly Field<string> Schema = new("schema", Scalars.Identifier, "Schema of the table; the connection's own when left out.");
    static readonly Field<string> Table = new("table", Scalars.Identifier, "Table or view, one identifier, never split at dots.");
    static readonly Field<string> ErrorTable = new("table", Scalars.Identifier, "Error table, one identifier.", required: true);

    static readonly Field<PushBack> Errors = new("errors", new EitherShape<PushBack>(
        Scalars.Choice([("none", new PushBack(false, null))]),
        new RecordShape<PushBack>("error table", [Schema, ErrorTable], values => new PushBack(true, new TableName(values.Optional(Schema), values.Required(ErrorTable))))),
        "Push-back's error table; default TABLE_error beside the table. `none`: nothing is written into the provider's database.");

    static readonly Field<string> Connection = new("connection", Scalars.NameOf(ManifestKind.Connection), "Connection that is read.", required: true);
    static readonly Field<string> Query = new("query", Scalars.Text, "A SELECT instead of a table, read as a derived table; modes snapshot, cursor and control.");

    static readonly Field<IReadOnlyList<KeyValuePair<string, string>>> Columns =
        new("columns", new MapShape<string>("item", Scalars.Identifier), "Item → column, where names differ.");

    static readonly Field<Capture> CaptureField = new("capture", CaptureRecord, "How changes are found; default snapshot.");

    public static RecordShape<TableSource> Source { get; } = new("source", [Connection, Schema, Table, Query, Columns, CaptureField, Errors], values =>
    {
        var (capture, errors, table) = (values.Optional(CaptureField), values.Optional(Errors), values.Optional(Table));
        return new TableSource
        {
            Connection = values.Required(Connection),
            Table = table is null ? null : new TableName(values.Optional(Schema), table),
            Query = values.Optional(Query),
            Columns = values.Or(Columns, []).ToDictionary(StringComparer.Ordinal),
            Mode = capture?.Mode ?? CaptureMode.Snapshot,
            CursorColumn = capture?.Column,
            MaxLateness = capture?.MaxLateness ?? TimeSpan.FromMinutes(10),
            MaxSlotLag = capture?.MaxSlotLag,
            ErrorTable = errors?.Table,
            PushBack = errors?.On ?? true,
        };
    })
    {
        Check = source => source switch
        {
            { Table: null, Query: null } => ("connection", "source needs a table or a query"),
            { Table: not null, Query: not null } => ("query", "source has a table and a query; give one of the two"),
            { Query: not null, Mode: CaptureMode.ChangeLog } => ("capture", "capture mode changelog needs a table: triggers cannot stand on a query"),
            { Query: not null, Mode: CaptureMode.Wal } => ("capture", "capture mode wal needs a table: the log tells changes of tables, not of a query"),
            _ => null,
        },
    };

    /// <summary>As it is written in a manifest.</summary>
    public static string Word(CaptureMode mode) => mode == CaptureMode.ChangeLog ? "changelog" : mode.ToString().ToLowerInvariant();
}
