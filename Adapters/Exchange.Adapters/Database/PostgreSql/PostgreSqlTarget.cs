using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

/// <summary>PostgreSQL as a target.</summary>
internal sealed class PostgreSqlTarget(SqlDialect dialect, TimeProvider clock) : TargetEngine(dialect, clock)
{
    const int Header = 4; // atttypmod counts from here for varchar and numeric

    public override StringComparer Names => StringComparer.Ordinal;

    public override string False => "false";

    public override string True => "true";

    /// <summary>Each statement sees what was committed before it, so that a session that waited for the lock reads the ledger as it is then.</summary>
    public override Task BeginAsync(DbConnection connection, CancellationToken cancel) => connection.RunAsync("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", cancel);

    public override async Task LockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        var key = LockKey(name);
        for (var began = Stopwatch.GetTimestamp(); !await LockedAsync(connection, key, cancel); began = Stopwatch.GetTimestamp())
        {
            while (Stopwatch.GetElapsedTime(began) < OvertakenAfter)
            {
                await Task.Delay(LockPause, TimeProvider.System, cancel);
                if (await LockedAsync(connection, key, cancel)) return;
            }

            if (MayBeOvertaken(name)) await EndHoldersAsync(connection, key, cancel);
        }
    }

    public override Task<bool> TryLockAsync(DbConnection connection, string name, CancellationToken cancel) => LockedAsync(connection, LockKey(name), cancel);

    static long LockKey(string name) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes("exchange " + name)));

    static async Task<bool> LockedAsync(DbConnection connection, long key, CancellationToken cancel)
    {
        await using var command = connection.Command("SELECT pg_try_advisory_xact_lock(@key)", ("@key", key));
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    /// <summary>The server undoes what they had not committed. Sessions of the same role may always be ended; a server that refuses leaves us waiting, as before.</summary>
    static async Task EndHoldersAsync(DbConnection connection, long key, CancellationToken cancel)
    {
        await connection.RunAsync("SAVEPOINT exchange_lock", cancel);
        await using var command = connection.Command(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND classid::bigint = (@key >> 32) & 4294967295 AND objid::bigint = @key & 4294967295 AND pid <> pg_backend_pid()
            """, ("@key", key));
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            await connection.RunAsync("ROLLBACK TO SAVEPOINT exchange_lock", cancel);
        }
    }

    public override async Task<IReadOnlyList<NativeColumn>> ColumnsAsync(DbConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = connection.Command(
            """
            SELECT a.attname, t.typname, format_type(a.atttypid, a.atttypmod), a.atttypmod, a.attgenerated <> '' OR a.attidentity = 'a',
                   CASE WHEN a.attcollation <> 0 THEN 'COLLATE ' || quote_ident(n.nspname) || '.' || quote_ident(c.collname) ELSE '' END
            FROM pg_attribute a
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_collation c ON c.oid = a.attcollation
            LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
            WHERE a.attrelid = to_regclass(@table) AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
            """, ("@table", Dialect.Quote(table)));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<NativeColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var type = reader.GetString(1);
            var modifier = reader.GetInt32(3);
            columns.Add(new NativeColumn(reader.GetString(0), type, reader.GetString(2))
            {
                Length = type is "varchar" or "bpchar" && modifier >= Header ? modifier - Header : null,
                Precision = modifier < 0 ? null : type == "numeric" ? (modifier - Header) >> 16 : modifier,
                Scale = type == "numeric" && modifier >= 0 ? ScaleOf(modifier) : null,
                Generated = reader.GetBoolean(4),
                Collation = reader.GetString(5),
                Zoneless = type == "timestamp",
            });
        }

        return columns;
    }

    public override string? Needed(ItemType type, NativeColumn column) => Holds(type, column) ? null : Dialect.NativeType(type, key: false);

    /// <summary>ON CONFLICT can't be decided by a constraint that is checked later.</summary>
    public override async Task<IReadOnlyList<string>> JudgeAsync(DbConnection connection, TargetTable target, CancellationToken cancel)
    {
        await using var command = connection.Command(
            """
            SELECT i.indimmediate, ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]))
            FROM pg_index i
            WHERE i.indrelid = to_regclass(@table) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
            """, ("@table", Dialect.Quote(target.Table)));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var (immediate, deferrable) = (false, false);
        while (await reader.ReadAsync(cancel))
        {
            if (!reader.GetFieldValue<string[]>(1).ToHashSet(Names).SetEquals(target.Key)) continue;
            if (reader.GetBoolean(0)) immediate = true;
            else deferrable = true;
        }

        return deferrable && !immediate
            ? [$"The unique constraint of {target.Table} on ({string.Join(", ", target.Key)}) is DEFERRABLE, so that no row can be told to exist while others are written: make it NOT DEFERRABLE."]
            : [];
    }

    public override IEnumerable<string> Comments(TargetTable target, IReadOnlyList<TargetColumn> columns)
    {
        var table = Dialect.Quote(target.Table);
        if (target.Title is { } title) yield return $"COMMENT ON TABLE {table} IS {Literal(title)}";
        foreach (var column in columns)
            if (column.Title is { } text) yield return $"COMMENT ON COLUMN {table}.{Dialect.Quote(column.Name)} IS {Literal(text)}";
    }

    public override void Bind(DbCommand command, string name, Column column, int row, TimeZoneInfo? zone) => command.Parameters.Add(new NpgsqlParameter(name, Value(column, row, zone)));

    public override string Exactly(string column, ItemType type) => type.IsText ? column + " COLLATE \"C\"" : column;

    public override object Instant(long microseconds, TimeZoneInfo? zone) => zone is null ? Temporal.Instant(microseconds) : LocalTime.From(microseconds, zone);

    public override TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh) =>
        new PostgreSqlTransaction(this, (NpgsqlConnection)connection, settings, target, fresh);

    static bool Holds(ItemType type, NativeColumn column) => (type.Kind, column.Type) switch
    {
        (ItemKind.String, "varchar") => column.Length is null || column.Length >= type.Length,
        (ItemKind.Text, "varchar") => column.Length is null,
        (ItemKind.String or ItemKind.Text, "text") => true,
        (ItemKind.Int32, "int4" or "int8") or (ItemKind.Int64, "int8") => true,
        (ItemKind.Int32, "numeric") => HoldsDigits(column, 10, 0),
        (ItemKind.Int64, "numeric") => HoldsDigits(column, 19, 0),
        (ItemKind.Decimal, "numeric") => HoldsDigits(column, type.Precision - type.Scale, type.Scale),
        (ItemKind.Double, "float8") or (ItemKind.Boolean, "bool") or (ItemKind.Date, "date") or (ItemKind.Binary, "bytea") => true,
        (ItemKind.Timestamp, "timestamptz" or "timestamp") => column.Precision is null or 6,
        _ => false,
    };

    static bool HoldsDigits(NativeColumn column, int before, int after) => column.Precision is null || (column.Scale >= after && column.Precision - column.Scale >= before);

    /// <summary>Eleven bits with sign.</summary>
    static int ScaleOf(int modifier) => (((modifier - Header) & 0x7FF) ^ 0x400) - 0x400;

    static object Value(Column column, int row, TimeZoneInfo? zone) => column switch
    {
        BytesColumn { Type.Kind: ItemKind.Binary } bytes => bytes[row].ToArray(),
        BytesColumn text => text.StringAt(row),
        DecimalColumn number => number[row],
        DoubleColumn number => number[row],
        LongColumn number => number.Type.Kind switch
        {
            ItemKind.Boolean => number[row] != 0,
            ItemKind.Date => Temporal.Date(number[row]),
            ItemKind.Timestamp => zone is null ? Temporal.Instant(number[row]) : LocalTime.From(number[row], zone),
            _ => number[row],
        },
        _ => throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A column of {column.Type} has no parameter."), nameof(column)),
    };

    /// <summary>An escape string means the same whatever the server's settings.</summary>
    static string Literal(string text) =>
        $"E'{text.Replace("\0", "", StringComparison.Ordinal).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
