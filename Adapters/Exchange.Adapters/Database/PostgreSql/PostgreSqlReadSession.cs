using System.Data;
using System.Globalization;
using System.Text;
using Exchange.Adapters.Database.Reading;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>
/// Reads by binary COPY. COPY takes no parameters, so values go into settings local to the transaction (set_config) and come back by current_setting, cast to the column's
/// type: they never become part of the SQL.
/// </summary>
internal sealed partial class PostgreSqlReadSession : ReadSession
{
    /// <summary>What is left of a copy that is no longer wanted is read to its end up to this many bytes; beyond, the server is told to stop.</summary>
    const int DrainBytes = 4 * 1024 * 1024;

    static readonly HashSet<string> Unordered = ["json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "xid", "cid", "jsonpath", "aclitem", "refcursor"];

    readonly NpgsqlConnection _connection;
    readonly PostgreSqlDialect _dialect;
    readonly LocalTime _local;

    PostgreSqlReadSession(NpgsqlConnection connection, PostgreSqlDialect dialect, LocalTime local) => (_connection, _dialect, _local) = (connection, dialect, local);

    public override bool ComparesRows => true;

    public override bool NullsLast => true;

    public static async Task<ReadSession> OpenAsync(PostgreSqlDialect dialect, FrontEndConnection settings, CancellationToken cancel)
    {
        var local = new LocalTime(settings);
        var connection = await dialect.OpenPostgresAsync(settings, cancel);
        try
        {
            // Compiling a page's plan costs more than running it.
            await using var command = new NpgsqlCommand("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit TO off", connection);
            await command.ExecuteNonQueryAsync(cancel);
            return new PostgreSqlReadSession(connection, dialect, local);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async Task<IReadOnlyList<ColumnShape>> ShapesAsync(string from, IReadOnlyList<SourceColumn>? columns, CancellationToken cancel)
    {
        var list = columns is null ? "s.*" : string.Join(", ", columns.Select(column => "s." + _dialect.Quote(column.Column)));
        await using var command = new NpgsqlCommand($"SELECT {list} FROM {from}", _connection);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancel);
        var schema = await reader.GetColumnSchemaAsync(cancel);
        var shapes = new List<ColumnShape>();
        for (var at = 0; at < reader.FieldCount; at++)
        {
            var type = reader.GetPostgresType(at);
            var modifier = Modifier(type.InternalName, schema[at]);
            var name = type.Namespace == "pg_catalog" ? type.InternalName : "";
            var natural = PostgreSqlTypes.Natural(name, modifier);
            var column = columns is null ? reader.GetName(at) : columns[at].Column;
            shapes.Add(new ColumnShape(columns is null ? column : columns[at].Item, column, natural,
                $"{_dialect.Quote(type.Namespace)}.{_dialect.Quote(type.InternalName)}", (int)Form(name, type.InternalName, natural)));
        }

        return shapes;
    }

    public override string Value(ColumnShape column) => Form(column) is PostgreSqlForm.Cast or PostgreSqlForm.CastUnordered or PostgreSqlForm.WideNumeric ? Name(column) + "::text" : Name(column);

    public override string Order(ColumnShape column, bool codePoint) => (Form(column), codePoint) switch
    {
        (PostgreSqlForm.CastUnordered, _) => $"{Name(column)}::text COLLATE \"C\"",
        (PostgreSqlForm.Text or PostgreSqlForm.Padded, true) => $"{Name(column)}::text COLLATE \"C\"",
        (PostgreSqlForm.Cast, true) when column.Native.EndsWith(".\"citext\"", StringComparison.Ordinal) => $"{Name(column)}::text COLLATE \"C\"",
        _ => Name(column),
    };

    public override string OrderText(ColumnShape column) => Name(column) + "::text";

    public override string Parameter(ColumnShape column, int number, bool codePoint)
    {
        var text = Order(column, codePoint).EndsWith("COLLATE \"C\"", StringComparison.Ordinal);
        return $"{Setting(number)}::{(text ? "text" : Form(column) switch
        {
            // Wider than the column, so that a bound outside its range is no error; the index compares them all.
            PostgreSqlForm.Int16 or PostgreSqlForm.Int32 => "int8",
            PostgreSqlForm.Text => "text",
            _ => column.Native,
        })}";
    }

    public override async Task ReadAsync(string sql, IReadOnlyList<byte[]> parameters, PageBuilder page, CancellationToken cancel)
    {
        await SetAsync(parameters, cancel);
        await using var stream = await _connection.BeginRawBinaryCopyAsync($"COPY (\n{sql}\n) TO STDOUT (FORMAT BINARY)", cancel);
        using var copy = new CopyReader(stream);
        await copy.StartAsync(cancel);
        var forms = page.Shapes.Select(Form).ToArray();
        while (await RowAsync(copy, page, forms, cancel)) { }
        if (page.Stopped) await LeaveAsync(stream, cancel);
    }

    public override async Task ReadKeysAsync(Func<string, string, string> rows, string from, IReadOnlyList<ColumnShape> key, RowBatch keys, PageBuilder page, CancellationToken cancel)
    {
        var condition = KeyCondition(key, keys, out var parameters);
        await ReadAsync(rows(from, condition), parameters, page, cancel);
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_connection.State == ConnectionState.Open)
            {
                await using var command = new NpgsqlCommand("ROLLBACK", _connection);
                await command.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            // The connection is broken and so is its transaction; what broke it was already told.
        }

        await _connection.DisposeAsync();
    }

    static async ValueTask<bool> RowAsync(CopyReader copy, PageBuilder page, PostgreSqlForm[] forms, CancellationToken cancel)
    {
        if (!copy.Has(sizeof(short))) await copy.FillAsync(sizeof(short), cancel);
        if (copy.IsEnd) return false;
        if (!await copy.HasRowAsync(cancel)) return await LargeRowAsync(copy, page, forms, cancel);
        copy.Int16();
        for (var at = 0; at < page.OrderColumns; at++)
        {
            var length = copy.Int32();
            if (length < 0) page.OrderNull(at);
            else page.Order(at, copy.Take(length));
        }

        if (!page.Begin() && !await page.TurnAsync(cancel)) return false;
        Values(copy, page, forms);
        page.End();
        return true;
    }

    static void Values(CopyReader copy, PageBuilder page, PostgreSqlForm[] forms)
    {
        for (var at = 0; at < forms.Length; at++)
        {
            var length = copy.Int32();
            if (length < 0) page.Null(at);
            else PostgreSqlValues.Read(page, at, forms[at], copy.Take(length));
        }

        page.Copies?.Add(Count(copy.Take(copy.Int32())));
        page.Ties?.Add(Count(copy.Take(copy.Int32())));
    }

    /// <summary>A row that is not held in memory whole: each field is waited for, and a cell that is too large is passed over.</summary>
    static async ValueTask<bool> LargeRowAsync(CopyReader copy, PageBuilder page, PostgreSqlForm[] forms, CancellationToken cancel)
    {
        copy.Int16();
        for (var at = 0; at < page.OrderColumns; at++)
        {
            var length = await LengthAsync(copy, cancel);
            if (length < 0)
            {
                page.OrderNull(at);
                continue;
            }

            if (!copy.Has(length)) await copy.FillAsync(length, cancel);
            page.Order(at, copy.Take(length));
        }

        if (!page.Begin() && !await page.TurnAsync(cancel)) return false;
        for (var at = 0; at < forms.Length; at++)
        {
            var length = await LengthAsync(copy, cancel);
            if (length < 0) page.Null(at);
            else if (length > page.LargestCell && page.Shapes[at].Type.Kind is ItemKind.String or ItemKind.Text or ItemKind.Binary) await LargeAsync(copy, page, at, length, cancel);
            else
            {
                if (!copy.Has(length)) await copy.FillAsync(length, cancel);
                PostgreSqlValues.Read(page, at, forms[at], copy.Take(length));
            }
        }

        if (page.Copies is not null) page.Copies.Add(await CountAsync(copy, cancel));
        if (page.Ties is not null) page.Ties.Add(await CountAsync(copy, cancel));
        page.End();
        return true;
    }

    static async ValueTask<int> LengthAsync(CopyReader copy, CancellationToken cancel)
    {
        if (!copy.Has(sizeof(int))) await copy.FillAsync(sizeof(int), cancel);
        return copy.Int32();
    }

    /// <summary>A count travels as bigint or, where it is a constant, as integer.</summary>
    static async ValueTask<int> CountAsync(CopyReader copy, CancellationToken cancel)
    {
        var length = await LengthAsync(copy, cancel);
        if (!copy.Has(length)) await copy.FillAsync(length, cancel);
        return Count(copy.Take(length));
    }

    static int Count(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(long)
        ? (int)Math.Min(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes), int.MaxValue)
        : System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes);

    static async ValueTask LargeAsync(CopyReader copy, PageBuilder page, int column, int length, CancellationToken cancel)
    {
        var shown = Math.Min(length, PageBuilder.ShownBytes);
        await copy.FillAsync(shown, cancel);
        page.TooLarge(column, length, copy.Take(shown));
        await copy.SkipAsync(length - shown, cancel);
    }

    static async Task LeaveAsync(NpgsqlRawCopyStream stream, CancellationToken cancel)
    {
        var buffer = new byte[32 * 1024];
        for (var drained = 0; drained < DrainBytes;)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(), cancel);
            if (read == 0) return;
            drained += read;
        }

        await stream.CancelAsync();
    }

    async Task SetAsync(IReadOnlyList<byte[]> parameters, CancellationToken cancel)
    {
        if (parameters.Count == 0) return;
        await using var command = new NpgsqlCommand("SELECT " + string.Join(", ", parameters.Select((_, at) => $"length(set_config('exchange.p{at}', ${at + 1}, true))")), _connection);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(parameter) });
        await command.ExecuteNonQueryAsync(cancel);
    }

    static string Setting(int number) => string.Create(CultureInfo.InvariantCulture, $"current_setting('exchange.p{number}')");

    string Name(ColumnShape column) => "s." + _dialect.Quote(column.Column);

    static PostgreSqlForm Form(ColumnShape column) => (PostgreSqlForm)column.Form;

    static PostgreSqlForm Form(string name, string internalName, ItemType natural) => name switch
    {
        "bool" => PostgreSqlForm.Boolean,
        "int2" => PostgreSqlForm.Int16,
        "int4" => PostgreSqlForm.Int32,
        "int8" => PostgreSqlForm.Int64,
        "oid" => PostgreSqlForm.ObjectId,
        "float4" => PostgreSqlForm.Single,
        "float8" => PostgreSqlForm.Double,
        "numeric" => natural.Kind == ItemKind.Decimal ? PostgreSqlForm.Numeric : PostgreSqlForm.WideNumeric,
        "date" => PostgreSqlForm.Date,
        "timestamp" => PostgreSqlForm.Wall,
        "timestamptz" => PostgreSqlForm.Instant,
        "bytea" => PostgreSqlForm.Binary,
        "varchar" or "text" => PostgreSqlForm.Text,
        "bpchar" => PostgreSqlForm.Padded,
        _ when internalName.StartsWith('_') || Unordered.Contains(internalName) => PostgreSqlForm.CastUnordered,
        _ => PostgreSqlForm.Cast,
    };

    static int Modifier(string name, System.Data.Common.DbColumn column) => name switch
    {
        "numeric" => column.NumericPrecision is { } precision ? (((precision & 0xFFFF) << 16) | ((column.NumericScale ?? 0) & 0x7FF)) + 4 : -1,
        "varchar" or "bpchar" => column.ColumnSize is { } size ? size + 4 : -1,
        _ => -1,
    };
}
