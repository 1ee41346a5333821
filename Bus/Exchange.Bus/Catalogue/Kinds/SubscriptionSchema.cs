using Exchange.Bus.Catalogue.Schema;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Bus.Catalogue.Kinds;

internal static class SubscriptionSchema
{
    static readonly Field<string> TargetConnection = new("connection", Scalars.NameOf(ManifestKind.Connection), "Connection that is written.", required: true);
    static readonly Field<string> TargetSchema = new("schema", Scalars.Identifier, "Schema of the table; the connection's own when left out.");
    static readonly Field<string> TargetTable = new("table", Scalars.Identifier, "Table, one identifier, never split at dots.", required: true);
    static readonly Field<bool> Create = new("create", Scalars.Boolean, "Whether a missing table is made from the items; default true.");

    static readonly Field<DeletePolicy> Deletes = new("deletes", Scalars.Choice(
        [("apply", DeletePolicy.Apply), ("tombstone", DeletePolicy.Tombstone), ("ignore", DeletePolicy.Ignore)]),
        "apply (default) deletes rows, tombstone marks them by exchange_deleted and exchange_deleted_at, ignore keeps them.");

    static readonly RecordShape<TableTarget> TargetRecord = new("target", [TargetConnection, TargetSchema, TargetTable, Create, Deletes], values => new TableTarget
    {
        Connection = values.Required(TargetConnection),
        Table = new TableName(values.Optional(TargetSchema), values.Required(TargetTable)),
        Create = values.Or(Create, true),
        Deletes = values.Or(Deletes, DeletePolicy.Apply),
    });

    static readonly Field<string> From = new("from", Scalars.Identifier, "Item that the value is taken from.");
    static readonly Field<string> CodeMap = new("codeMap", Scalars.NameOf(ManifestKind.CodeMap), "CodeMap that translates the item's codes; a code that is not in it is an error row.");
    static readonly Field<string> Expression = new("expression", Scalars.Text, "Computed from the row's items.");
    static readonly Field<string> Constant = new("constant", Scalars.AnyText, "The same text in every row.");
    static readonly Field<ItemType> Type = new("type", Scalars.Type, "Type at the target; default the item's, the expression's, or text.");
    static readonly Field<string> Format = new("format", Scalars.Text, "Format that a date or timestamp is written in as text, e.g. yyyy/MM/dd.");

    static readonly RecordShape<MappedColumn> Mapped = new("mapped column", [From, CodeMap, Expression, Constant, Type, Format], values => new MappedColumn
    {
        Column = "",
        From = values.Optional(From),
        CodeMap = values.Optional(CodeMap),
        Expression = values.Optional(Expression),
        Constant = values.Optional(Constant),
        Type = values.OptionalValue(Type),
        Format = values.Optional(Format),
    })
    {
        Check = column => column switch
        {
            _ when new[] { column.From, column.Expression, column.Constant }.Count(given => given is not null) != 1 =>
                ("from", "a mapped column has exactly one of from, expression and constant"),
            { CodeMap: not null, From: null } => ("codeMap", "codeMap translates an item: it needs from"),
            { Format: not null, Constant: not null } => ("format", "a constant is written as it is; format has no use here"),
            _ => null,
        },
    };

    static readonly ScalarShape<MappedColumn> MappedItem = new("item", (string text, out MappedColumn column) =>
    {
        column = new MappedColumn { Column = "", From = text };
        return null;
    });

    static readonly Field<string> Incremental = new("incremental", Scalars.Cron, "When what changed is read. A `changelog` source is then read by its schedules only, else as changes come.");
    static readonly Field<string> Full = new("full", Scalars.Cron, "When the source is read in full, for all its subscribers.");
    static readonly Field<string> TimeZone = new("timeZone", Scalars.TimeZone, "IANA zone that the expressions are meant in; default the hub's (`exchange setup --time-zone`), which is UTC until it is set.");

    static readonly Field<MisfirePolicy> Misfire = new("misfire", Scalars.Choice(
        [("once", MisfirePolicy.Once), ("incremental", MisfirePolicy.Incremental), ("skip", MisfirePolicy.Skip)]),
        "Fires that passed while no hub ran: once (default) makes up for them once, for a full only where its next fire is more than an hour away; incremental makes up for increments only; skip waits for the next fire.");

    static readonly RecordShape<Schedule> ScheduleRecord = new("schedule", [Incremental, Full, TimeZone, Misfire],
        values => new Schedule(values.Optional(Incremental), values.Optional(Full), values.Optional(TimeZone)) { Misfire = values.Or(Misfire, MisfirePolicy.Once) })
    {
        Check = schedule => schedule is { Incremental: null, Full: null } ? ("timeZone", "a schedule needs incremental or full") : null,
    };

    static readonly Field<string> Resource = new("resource", Scalars.NameOf(ManifestKind.Resource), "Resource that is received.", required: true);
    static readonly Field<string> Subscriber = new("subscriber", Scalars.NameOf(ManifestKind.Department), "Department that receives.", required: true);

    static readonly Field<string> Filter = new("filter", Scalars.Text,
        "Expression over the items; rows for which it is true are delivered, a row that leaves it is deleted at the target.");

    static readonly Field<TableTarget> Target = new("target", TargetRecord, "Table that is kept equal.", required: true);

    static readonly Field<IReadOnlyList<KeyValuePair<string, MappedColumn>>> Map = new("map",
        new MapShape<MappedColumn>("target column", new EitherShape<MappedColumn>(MappedItem, Mapped), mayBeEmpty: false),
        "Target column → item, or a mapped column in full. Left out: all items under their own names.");

    static readonly Field<Schedule> ScheduleField = new("schedule", ScheduleRecord, "When the source is read. Left out: only by hand, or, where it has a change log, as changes come. What is in the log is delivered at once.");

    public static KindSchema Kind { get; } = new KindSchema<Subscription>(
        ManifestKind.Subscription,
        "subscriptions",
        "A resource on its way to a target.",
        new RecordShape<Subscription>("Subscription spec", [Resource, Subscriber, Filter, Target, Map, ScheduleField], values => new Subscription
        {
            Name = values.Name,
            Title = values.Title,
            Resource = values.Required(Resource),
            Subscriber = values.Required(Subscriber),
            Filter = values.Optional(Filter),
            Target = values.Required(Target),
            Map = values.Optional(Map)?.Select(entry => entry.Value with { Column = entry.Key }).ToList(),
            Schedule = values.Optional(ScheduleField),
        }),
        subscription =>
        [
            ("RESOURCE", subscription.Resource),
            ("SUBSCRIBER", subscription.Subscriber),
            ("TARGET", $"{subscription.Target.Connection}:{subscription.Target.Table}"),
            ("SCHEDULE", string.Join("; ", new[] { subscription.Schedule?.Incremental, subscription.Schedule?.Full is { } full ? $"full {full}" : null }.Where(part => part is not null))),
        ]);
}
