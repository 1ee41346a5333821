using Exchange.Adapters.Database.Capture;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// The functions and triggers of one change log, as they are made. An UPDATE is told in one of two forms. <see cref="Apart"/>: the new keys of a statement by one trigger, and the old one
/// of each row whose key has changed by another, which a row with the same key costs a comparison; for a table of its own. <see cref="Together"/>: old and new keys, each once; for
/// partitions and heirs, whose rows also change their table, and then fire no row trigger of UPDATE. It was the only form of earlier programs, which take every other one for damaged and add
/// theirs: nothing of it is ever changed, nothing else has its names, and where it stands whole it is taken as it is.
/// </summary>
internal sealed class CaptureTriggers
{
    // pg_trigger.tgtype: ROW 1, INSERT 4, DELETE 8, UPDATE 16, TRUNCATE 32; statement-level AFTER adds nothing
    const short Row = 1, Insert = 4, Delete = 8, Update = 16, Cleared = 32;

    const string Pair = "(anyelement, anyelement)";

    readonly SqlDialect _dialect;
    readonly CaptureTarget _target;
    readonly TableName _log;

    /// <param name="dialect">Quotes and shortens.</param>
    /// <param name="target">Whose.</param>
    /// <param name="log">The change log, with its schema.</param>
    /// <param name="named">A name of this capture, by what it begins with.</param>
    public CaptureTriggers(SqlDialect dialect, CaptureTarget target, TableName log, Func<string, string> named)
    {
        (_dialect, _target, _log) = (dialect, target, log);
        Told = new Function(named("exchange_capture"), "()", TellingBody(), Definer: true);
        var apart = new Function(named("exchange_update"), "()", ApartBody(), Definer: true);
        var moved = new Function(named("exchange_moved"), Pair, MovedBody(), Definer: false);
        Trigger Of(string letter, string how, short type, Function calls, Function? when = null) =>
            new(dialect.GeneratedName($"exchange_{letter}{(target.Owner is null ? "" : "_" + target.Owner)}"), how, type, calls, when);
        Others = [Of("i", "INSERT {0} REFERENCING NEW TABLE AS exchange_new", Insert, Told), Of("d", "DELETE {0} REFERENCING OLD TABLE AS exchange_old", Delete, Told), Of("t", "TRUNCATE {0}", Cleared, Told)];
        Together = [Of("u", "UPDATE {0} REFERENCING OLD TABLE AS exchange_old NEW TABLE AS exchange_new", Update, Told)];
        Apart = [Of("n", "UPDATE {0} REFERENCING NEW TABLE AS exchange_new", Update, apart), Of("k", "UPDATE {0}", Update | Row, apart, moved)];
        Functions = [Told, apart, moved];
    }

    /// <param name="Name">Without its schema.</param>
    /// <param name="Arguments">With their brackets.</param>
    /// <param name="Body">Compared literally with pg_proc.prosrc.</param>
    /// <param name="Definer">Runs as its owner, so that those who write to the table need no right on the log.</param>
    public sealed record Function(string Name, string Arguments, string Body, bool Definer)
    {
        public string Signature => Name + Arguments;
    }

    /// <param name="Name">Without its table.</param>
    /// <param name="Event">{0}: ON and the table.</param>
    /// <param name="Type">pg_trigger.tgtype.</param>
    /// <param name="Calls">Does the work.</param>
    /// <param name="When">Asked for each row; null: always.</param>
    public sealed record Trigger(string Name, string Event, short Type, Function Calls, Function? When);

    /// <summary>The function of all triggers but those of <see cref="Apart"/>.</summary>
    public Function Told { get; }

    public IReadOnlyList<Function> Functions { get; }

    /// <summary>Of INSERT, DELETE and TRUNCATE.</summary>
    public IReadOnlyList<Trigger> Others { get; }

    public IReadOnlyList<Trigger> Together { get; }

    public IReadOnlyList<Trigger> Apart { get; }

    public IEnumerable<Trigger> All => [.. Others, .. Together, .. Apart];

    public string Quoted(Function function) => _dialect.Quote(new TableName(_log.Schema, function.Name));

    /// <summary>Makes a function, or gives it back its text.</summary>
    public string Making(Function function) => function.Definer
        ? $"CREATE OR REPLACE FUNCTION {Quoted(function)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {Literal(function.Body)}"
        // It is called as whoever writes, and set into the trigger's condition by the planner, which passes over functions with settings; so every name in it has its schema.
        : $"CREATE OR REPLACE FUNCTION {Quoted(function)}{function.Arguments} RETURNS boolean LANGUAGE sql IMMUTABLE AS {Literal(function.Body)}; GRANT EXECUTE ON FUNCTION {Quoted(function)}{function.Arguments} TO PUBLIC";

    /// <param name="trigger">Which.</param>
    /// <param name="table">Quoted.</param>
    public string Making(Trigger trigger, string table) =>
        $"CREATE TRIGGER {_dialect.Quote(trigger.Name)} AFTER {string.Format(System.Globalization.CultureInfo.InvariantCulture, trigger.Event, "ON " + table)} FOR EACH {((trigger.Type & Row) != 0 ? "ROW" : "STATEMENT")}{(trigger.When is { } when ? $" WHEN ({Quoted(when)}(OLD, NEW))" : "")} EXECUTE FUNCTION {Quoted(trigger.Calls)}()";

    string Log => _dialect.Quote(_log);

    string Key(string prefix = "") => string.Join(", ", _target.KeyColumns.Select(column => prefix + _dialect.Quote(column)));

    string TellingBody()
    {
        // Old and new keys, each once: most updates leave the key alone. Keys that a collation or a type takes for equal and that are written otherwise are two. UNION never becomes a loop in a loop,
        // whatever the size of the statement its plan was made for.
        var free = "exchange_";
        while (_target.KeyColumns.Any(column => column.StartsWith(free, StringComparison.Ordinal))) free += "_";
        var bytes = string.Join(", ", _target.KeyColumns.Select((column, at) => $"{_dialect.Quote(column)}::text COLLATE \"C\" AS {free}{at}"));
        return $"""

            BEGIN
                IF TG_OP = 'INSERT' THEN
                    INSERT INTO {Log} ({ChangeCapture.Operation}, {Key()}) SELECT 'i', {Key()} FROM exchange_new;
                ELSIF TG_OP = 'UPDATE' THEN
                    INSERT INTO {Log} ({ChangeCapture.Operation}, {Key()}) SELECT 'u', {Key()} FROM (SELECT {Key()}, {bytes} FROM exchange_old UNION SELECT {Key()}, {bytes} FROM exchange_new) AS keys;
                ELSIF TG_OP = 'DELETE' THEN
                    INSERT INTO {Log} ({ChangeCapture.Operation}, {Key()}) SELECT 'd', {Key()} FROM exchange_old;
                ELSE
                    INSERT INTO {Log} ({ChangeCapture.Operation}) VALUES ('{ChangeCapture.Truncate}');
                END IF;
                RETURN NULL;
            END

            """.ReplaceLineEndings("\n");
    }

    string ApartBody() => $"""

        BEGIN
            IF TG_LEVEL = 'ROW' THEN
                INSERT INTO {Log} ({ChangeCapture.Operation}, {Key()}) VALUES ('u', {Key("OLD.")});
            ELSE
                INSERT INTO {Log} ({ChangeCapture.Operation}, {Key()}) SELECT 'u', {Key()} FROM exchange_new;
            END IF;
            RETURN NULL;
        END

        """.ReplaceLineEndings("\n");

    /// <summary>
    /// By their bytes: keys that a collation or a type takes for equal and that are written otherwise are two. The whole rows are passed, since a condition that named columns would forbid the
    /// department to change their types.
    /// </summary>
    string MovedBody() => $"SELECT ROW({Key("($1).")})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW({Key("($2).")})::pg_catalog.record";

    static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
