using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

/// <summary>MariaDB and MySQL as a target.</summary>
internal sealed class MySqlTarget(SqlDialect dialect, TimeProvider clock) : TargetEngine(dialect, clock)
{
    const int LongestKey = 3072; // bytes of an InnoDB index entry
    const int LongestRow = 60_000; // bytes of a row's declared columns: the server's 65,535 less room for what is not text
    const int LongestColumnComment = 1024;
    const int LongestTableComment = 2048;
    const int LockSeconds = 300;
    const int CharacterBytes = 4;

    public override StringComparer Names => StringComparer.OrdinalIgnoreCase;

    public override string False => "0";

    public override string True => "1";

    public override Task BeginAsync(DbConnection connection, CancellationToken cancel) => connection.RunAsync("START TRANSACTION", cancel);

    public override async Task LockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < LockSeconds)
        {
            // A wait that is killed because it was cancelled answers NULL instead of failing.
            if (await NumberAsync(connection, "SELECT GET_LOCK(@name, @seconds)", cancel, ("@name", LockName(connection, name)), ("@seconds", OvertakenAfter.TotalSeconds)) == 1) return;
            cancel.ThrowIfCancellationRequested();
            if (MayBeOvertaken(name)) await EndHolderAsync(connection, name, cancel);
        }

        throw new TimeoutException($"another session held the lock of the {name} for {LockSeconds} seconds");
    }

    public override async Task<bool> TryLockAsync(DbConnection connection, string name, CancellationToken cancel) =>
        await NumberAsync(connection, "SELECT GET_LOCK(@name, 0)", cancel, ("@name", LockName(connection, name))) == 1;

    /// <summary>A transaction reads as of its first statement, but where it locks.</summary>
    public override string CurrentRead => " LOCK IN SHARE MODE";

    /// <summary>The server undoes what it had not committed. Sessions of the same login may always be ended.</summary>
    static async Task EndHolderAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        if (await NumberAsync(connection, "SELECT IS_USED_LOCK(@name)", cancel, ("@name", LockName(connection, name))) is not (> 0 and var holder)) return;
        try
        {
            await connection.RunAsync(string.Create(CultureInfo.InvariantCulture, $"KILL CONNECTION {holder}"), cancel);
        }
        catch (MySqlException refused) when (refused.ErrorCode is MySqlErrorCode.NoSuchThread or MySqlErrorCode.KillDenied)
        {
            // It has just ended, or belongs to another login, which we can only wait for.
        }
    }

    /// <summary>NULL as 0.</summary>
    static async Task<long> NumberAsync(DbConnection connection, string sql, CancellationToken cancel, params (string Name, object? Value)[] parameters)
    {
        await using var command = connection.Command(sql, parameters);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancel) is { } answer and not DBNull ? answer : 0, CultureInfo.InvariantCulture);
    }

    /// <summary>The server's named locks outlive a transaction; a lost session gives them back by itself.</summary>
    public override async Task UnlockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        try
        {
            await using var command = connection.Command("DO RELEASE_LOCK(@name)", ("@name", LockName(connection, name)));
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception exception) when (exception is MySqlException or InvalidOperationException or IOException)
        {
            // Nothing is held by a session that is gone.
        }
    }

    public override async Task<IReadOnlyList<NativeColumn>> ColumnsAsync(DbConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = connection.Command(
            """
            SELECT column_name, data_type, column_type, character_maximum_length, numeric_precision, numeric_scale, datetime_precision,
                   COALESCE(generation_expression, '') <> '', character_set_name, collation_name
            FROM information_schema.columns WHERE table_schema = COALESCE(@schema, DATABASE()) AND table_name = @table ORDER BY ordinal_position
            """, ("@schema", table.Schema), ("@table", table.Name));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<NativeColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var type = reader.GetString(1).ToLowerInvariant();
            columns.Add(new NativeColumn(reader.GetString(0), type, reader.GetString(2))
            {
                Length = Number(reader, 3),
                Precision = (int?)(Number(reader, 4) ?? Number(reader, 6)),
                Scale = (int?)Number(reader, 5),
                Generated = Number(reader, 7) == 1,
                Collation = reader.IsDBNull(9) ? "" : $"CHARACTER SET {reader.GetString(8)} COLLATE {reader.GetString(9)}",
                Zoneless = type == "datetime",
                DropsBlanks = type == "char",
            });
        }

        return columns;
    }

    public override string? Needed(ItemType type, NativeColumn column) => Holds(type, column) ? null : Dialect.NativeType(type, key: false);

    public override IReadOnlyList<string> JudgeNew(TargetTable target)
    {
        var problems = new List<string>();
        var bytes = 0;
        foreach (var column in target.Columns.Where(column => target.Key.Contains(column.Name, StringComparer.Ordinal)))
        {
            if (column.Type.Kind is ItemKind.Text or ItemKind.Binary)
                problems.Add($"Key item '{column.Name}' is {column.Type}, which MariaDB can't index whole: declare it as string(n) with at most {LongestKey / CharacterBytes} characters.");
            bytes += KeyBytes(column.Type);
        }

        if (bytes > LongestKey)
            problems.Add($"The key ({string.Join(", ", target.Key)}) of {target.Table} may take {bytes} bytes and MariaDB indexes at most {LongestKey} ({CharacterBytes} a character): shorten the key's strings, or key the resource by other items.");
        return problems;
    }

    /// <summary>A row's declared columns are limited; the longest texts that are no key move out of the row.</summary>
    public override IReadOnlyList<string> ColumnTypes(DbConnection connection, TargetTable target, IReadOnlyList<TargetColumn> columns)
    {
        var types = TableMaker.All(target).ToDictionary(column => column.Name, column => column.Type, StringComparer.Ordinal);
        var inRow = target.Columns.Where(column => column.Type.Kind == ItemKind.String && !target.Key.Contains(column.Name, StringComparer.Ordinal)).OrderByDescending(column => column.Type.Length).ToList();
        var bytes = target.Columns.Sum(column => column.Type.Kind == ItemKind.String ? (column.Type.Length * CharacterBytes) + 2 : 0);
        foreach (var column in inRow.TakeWhile(_ => bytes > LongestRow))
        {
            bytes -= column.Type.Length * CharacterBytes;
            types[column.Name] = new ItemType(ItemKind.Text);
        }

        return [.. columns.Select(column => OfServer(connection, Dialect.NativeType(types[column.Name], target.Key.Contains(column.Name, StringComparer.Ordinal))))];
    }

    public override string ColumnOptions(TargetColumn column) => column.Title is { } title ? $" COMMENT {Literal(title, LongestColumnComment)}" : "";

    public override string TableOptions(DbConnection connection, TargetTable target) =>
        OfServer(connection, " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin") + (target.Title is { } title ? $" COMMENT={Literal(title, LongestTableComment)}" : "");

    public override void Bind(DbCommand command, string name, Column column, int row, TimeZoneInfo? zone) =>
        command.Parameters.Add(new MySqlParameter(name, column is BytesColumn { Type.Kind: ItemKind.Binary } bytes ? bytes[row].ToArray() : MySqlText.At(column, row, zone)));

    public override string Exactly(string column, ItemType type) => type.IsText ? $"BINARY {column}" : column;

    public override object Instant(long microseconds, TimeZoneInfo? zone) => MySqlText.Instant(microseconds, zone);

    public override string KeepExisting(IReadOnlyList<string> key) => $"ON DUPLICATE KEY UPDATE {Dialect.Quote(key[0])} = {Dialect.Quote(key[0])}";

    public override TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh) =>
        new MySqlTransaction(this, (MySqlConnection)connection, settings, target);

    static bool Holds(ItemType type, NativeColumn column) => (type.Kind, column.Type) switch
    {
        _ when column.Spelling.Contains("unsigned", StringComparison.OrdinalIgnoreCase) => false,
        (ItemKind.String, "varchar" or "char") => column.Length >= type.Length,
        (ItemKind.String, "tinytext" or "text" or "mediumtext" or "longtext") => column.Length >= (long)type.Length * CharacterBytes,
        (ItemKind.Text, "mediumtext" or "longtext") or (ItemKind.Binary, "mediumblob" or "longblob") => true,
        (ItemKind.Int32, "int" or "bigint") or (ItemKind.Int64, "bigint") => true,
        (ItemKind.Int32, "decimal") => HoldsDigits(column, 10, 0),
        (ItemKind.Int64, "decimal") => HoldsDigits(column, 19, 0),
        (ItemKind.Decimal, "decimal") => HoldsDigits(column, type.Precision - type.Scale, type.Scale),
        (ItemKind.Double, "double") or (ItemKind.Date, "date") => true,
        (ItemKind.Boolean, "tinyint" or "smallint" or "int" or "bit") => true,
        (ItemKind.Timestamp, "datetime" or "timestamp") => column.Precision == 6,
        _ => false,
    };

    static bool HoldsDigits(NativeColumn column, int before, int after) => column.Scale >= after && column.Precision - column.Scale >= before;

    static int KeyBytes(ItemType type) => type.Kind switch
    {
        ItemKind.String => type.Length * CharacterBytes,
        ItemKind.Decimal => (type.Precision / 2) + 2,
        ItemKind.Text or ItemKind.Binary => 0,
        _ => 8,
    };

    /// <summary>MySQL has the same comparison under another name.</summary>
    static string OfServer(DbConnection connection, string type) =>
        connection.ServerVersion.Contains("MariaDB", StringComparison.OrdinalIgnoreCase) ? type : type.Replace("utf8mb4_nopad_bin", "utf8mb4_0900_bin", StringComparison.Ordinal);

    /// <summary>The server's locks are shared by all its databases.</summary>
    static string LockName(DbConnection connection, string name) => $"exchange_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{connection.Database} {name}")))[..40]}";

    static long? Number(DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : (long)Math.Min(Convert.ToDecimal(reader.GetValue(ordinal), CultureInfo.InvariantCulture), long.MaxValue);

    static string Literal(string text, int longest)
    {
        var clean = text.Replace("\0", "", StringComparison.Ordinal);
        if (clean.Length > longest) clean = clean[..longest];
        return $"'{clean.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
