using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

/// <summary>SQL Server as a target.</summary>
internal sealed class SqlServerTarget(SqlDialect dialect, TimeProvider clock) : TargetEngine(dialect, clock)
{
    const int LongestKey = 1_700; // bytes of an index entry
    const int LongestClusteredKey = 900;
    const int CharacterBytes = 4; // two UTF-16 units
    const int LongestTitle = 3_750; // UTF-16 units of an extended property
    const int LockMilliseconds = 300_000;
    const int Utf8 = 65001;
    const int NotHeld = 1223;
    static readonly HashSet<int> DoubleByte = [932, 936, 949, 950];

    /// <summary>A database tells names apart by its own collation; as it is made by default, not by case.</summary>
    public override StringComparer Names => StringComparer.OrdinalIgnoreCase;

    public override string False => "0";

    public override string True => "1";

    public override string AddColumn => "ADD";

    public override async Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel) =>
        new SqlServerSession(await ((SqlServerDialect)Dialect).OpenSqlServerAsync(connection, cancel));

    public override Task BeginAsync(DbConnection connection, CancellationToken cancel) => ((SqlServerSession)connection).BeginAsync(cancel);

    /// <summary>The session's lock, not the transaction's: it is still held when an error has ended the transaction and what came before is done again.</summary>
    public override async Task LockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        await using var command = connection.Command(
            "DECLARE @got int; EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = @wait; SELECT @got", ("@name", LockName(name)), ("@wait", LockMilliseconds));
        const int TimedOut = -1, Deadlock = -3;
        switch (Convert.ToInt32(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture))
        {
            case >= 0: return;
            case TimedOut: throw new TimeoutException($"another session held the lock of the {name} for {LockMilliseconds / 1000} seconds");
            case Deadlock: throw new TimeoutException($"the wait for the lock of the {name} was given up for a deadlock");
            default:
                cancel.ThrowIfCancellationRequested();
                throw new TimeoutException($"the lock of the {name} was not given");
        }
    }

    public override async Task<bool> TryLockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        await using var command = connection.Command(
            "DECLARE @got int; EXEC @got = sys.sp_getapplock @Resource = @name, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0; SELECT @got", ("@name", LockName(name)));
        return Convert.ToInt32(await command.ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture) >= 0;
    }

    /// <summary>A lost session gives its locks back by itself.</summary>
    public override async Task UnlockAsync(DbConnection connection, string name, CancellationToken cancel)
    {
        try
        {
            await using var command = connection.Command("EXEC sys.sp_releaseapplock @Resource = @name, @LockOwner = N'Session'", ("@name", LockName(name)));
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (SqlException exception) when (exception.Number == NotHeld)
        {
            // The wait for it was stopped.
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException or IOException)
        {
            // A session that can't even say so must not go back to the pool with the lock in its hand.
            SqlConnection.ClearPool(((SqlServerSession)connection).Inner);
        }
    }

    public override async Task<IReadOnlyList<NativeColumn>> ColumnsAsync(DbConnection connection, TableName table, CancellationToken cancel)
    {
        await using var command = SqlServerDialect.OfTable(connection, SqlServerDialect.FindColumns, Dialect.Quote(table));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var columns = new List<NativeColumn>();
        while (await reader.ReadAsync(cancel))
        {
            var type = SqlServerDialect.TypeOf(reader);
            var codePage = reader.IsDBNull(10) ? 0 : reader.GetInt32(10);
            var unicode = type.Form is SqlServerForm.Unicode or SqlServerForm.UnicodePadded;
            columns.Add(new NativeColumn(reader.GetString(0), type.Name, type.Spelling)
            {
                Length = type.Name is "text" or "ntext" or "image" || type.Length < 0 ? null : unicode ? type.Length / 2 : type.Length,
                Precision = type.Form is SqlServerForm.DateTime2 or SqlServerForm.Instant ? type.Scale : type.Precision,
                Scale = type.Scale,
                Generated = reader.GetBoolean(8),
                Collation = type.IsText ? "COLLATE " + type.Collation : "",
                Zoneless = type.Form is SqlServerForm.DateTime2 or SqlServerForm.DateTime or SqlServerForm.SmallDateTime,
                DropsBlanks = type.Form is SqlServerForm.UnicodePadded or SqlServerForm.CodePagePadded,
                CodePage = type.IsText && !unicode && codePage != Utf8 ? codePage : null,
            });
        }

        return columns;
    }

    public override string? Needed(ItemType type, NativeColumn column) => Holds(type, column) ? null : Dialect.NativeType(type, key: false);

    /// <summary>A trigger that stands in the place of a write decides by itself what is written, and the server counts the rows as written all the same.</summary>
    public override async Task<IReadOnlyList<string>> JudgeAsync(DbConnection connection, TargetTable target, CancellationToken cancel)
    {
        await using var command = SqlServerDialect.OfTable(connection, """
            SELECT CONVERT(int, t.is_memory_optimized), (SELECT TOP (1) g.name FROM sys.triggers AS g WHERE g.parent_id = t.object_id AND g.is_instead_of_trigger = 1 AND g.is_disabled = 0 ORDER BY g.name)
            FROM sys.tables AS t WHERE t.object_id = OBJECT_ID(@table)
            """, Dialect.Quote(target.Table));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var problems = new List<string>();
        if (!await reader.ReadAsync(cancel)) return problems;
        if (reader.GetInt32(0) == 1) problems.Add($"{target.Table} is memory-optimized, which takes no part in the transaction of a delivery: name a table on disk.");
        if (!reader.IsDBNull(1)) problems.Add($"{target.Table} has the trigger '{reader.GetString(1)}' INSTEAD OF its writes, so that no one can tell what a delivery wrote: drop it, or make it an AFTER trigger.");
        return problems;
    }

    public override IReadOnlyList<string> JudgeNew(TargetTable target)
    {
        var problems = new List<string>();
        foreach (var column in KeyColumns(target).Where(column => column.Type.Kind is ItemKind.Text or ItemKind.Binary))
            problems.Add($"Key item '{column.Name}' is {column.Type}, which SQL Server can't index whole: declare it as string(n) with at most {LongestKey / CharacterBytes} characters.");
        var bytes = KeyColumns(target).Sum(column => KeyBytes(column.Type));
        if (bytes > LongestKey)
            problems.Add($"The key ({string.Join(", ", target.Key)}) of {target.Table} may take {bytes} bytes and SQL Server indexes at most {LongestKey} ({CharacterBytes} a character): shorten the key's strings, or key the resource by other items.");
        return problems;
    }

    /// <summary>A clustered key is shorter than others; a longer one is kept beside the rows.</summary>
    public override string PrimaryKey(TargetTable target) => KeyColumns(target).Sum(column => KeyBytes(column.Type)) > LongestClusteredKey ? "PRIMARY KEY NONCLUSTERED" : "PRIMARY KEY";

    public override IEnumerable<string> Comments(TargetTable target, IReadOnlyList<TargetColumn> columns)
    {
        if (target.Title is { } title) yield return Comment(target.Table, title, column: null);
        foreach (var column in columns)
            if (column.Title is { } text) yield return Comment(target.Table, text, column.Name);
    }

    public override void Bind(DbCommand command, string name, Column column, int row, TimeZoneInfo? zone)
    {
        var value = SqlServerLoad.Value(column, row, zone);
        command.Parameters.Add(value is DateTime at
            ? new SqlParameter(name, column.Type.Kind == ItemKind.Date ? SqlDbType.Date : SqlDbType.DateTime2) { Value = at }
            : new SqlParameter(name, value));
    }

    /// <summary>As text, which datetime2 and datetimeoffset read whatever the session's language; the driver would make a datetime, of three-hundredths of a second, of an instant.</summary>
    public override object Instant(long microseconds, TimeZoneInfo? zone) => LocalTime.From(microseconds, zone).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>Text with a character after it: the server pads with blanks what it compares, and "a" is not "a ".</summary>
    public override string Exactly(string column, ItemType type) => type.IsText ? $"CAST({column} AS nvarchar(max)) COLLATE {SqlServerDialect.ByCodePoint} + N'.'" : column;

    /// <remarks>The key's first column is a text, others are numbers.</remarks>
    public override string InsertNew(string table, string columns, string rows, IReadOnlyList<string> key) =>
        $"INSERT INTO {table} ({columns}) SELECT {columns} FROM (VALUES {rows}) AS v ({columns}) " +
        $"WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WITH (UPDLOCK, HOLDLOCK) WHERE {string.Join(" AND ", key.Select(column => $"t.{Dialect.Quote(column)} = v.{Dialect.Quote(column)}{(column == key[0] ? $" COLLATE {SqlServerDialect.ByCodePoint}" : "")}"))})";

    public override TargetTransaction Transaction(DbConnection connection, FrontEndConnection settings, TargetTable target, FreshTarget fresh) =>
        new SqlServerTransaction(this, (SqlServerSession)connection, settings, target, fresh);

    /// <summary>
    /// A text column is taken when it has room for the characters of the Basic Multilingual Plane; the rare others, and what its code page lacks, are row errors and never changed.
    /// </summary>
    static bool Holds(ItemType type, NativeColumn column) => (type.Kind, column.Type) switch
    {
        (ItemKind.String, "nvarchar" or "nchar") => column.Length is null || column.Length >= type.Length,
        (ItemKind.String, "varchar" or "char") => column.Length is null || column.Length >= type.Length * (long)(column.CodePage is not { } page ? 3 : DoubleByte.Contains(page) ? 2 : 1),
        (ItemKind.Text, "nvarchar" or "varchar") => column.Length is null,
        (ItemKind.String or ItemKind.Text, "ntext" or "text") => true,
        (ItemKind.Int32, "int" or "bigint") or (ItemKind.Int64, "bigint") => true,
        (ItemKind.Int32, "decimal" or "numeric") => HoldsDigits(column, 10, 0),
        (ItemKind.Int64, "decimal" or "numeric") => HoldsDigits(column, 19, 0),
        (ItemKind.Decimal, "decimal" or "numeric") => HoldsDigits(column, type.Precision - type.Scale, type.Scale),
        (ItemKind.Decimal, "money") => type.Scale <= 4 && type.Precision - type.Scale <= 14,
        (ItemKind.Decimal, "smallmoney") => type.Scale <= 4 && type.Precision - type.Scale <= 5,
        (ItemKind.Double, "float") or (ItemKind.Date, "date") => true,
        (ItemKind.Boolean, "bit" or "tinyint" or "smallint" or "int") => true,
        (ItemKind.Timestamp, "datetime2" or "datetimeoffset") => column.Precision >= 6,
        (ItemKind.Binary, "varbinary") => column.Length is null,
        (ItemKind.Binary, "image") => true,
        _ => false,
    };

    static bool HoldsDigits(NativeColumn column, int before, int after) => column.Scale >= after && column.Precision - column.Scale >= before;

    static IEnumerable<TargetColumn> KeyColumns(TargetTable target) => target.Columns.Where(column => target.Key.Contains(column.Name, StringComparer.Ordinal));

    static long KeyBytes(ItemType type) => type.Kind switch
    {
        ItemKind.String => type.Length * (long)CharacterBytes,
        ItemKind.Decimal => 13,
        ItemKind.Text or ItemKind.Binary => 0,
        _ => 8,
    };

    /// <summary>Locks are the database's own; a resource's name has at most 255 characters.</summary>
    static string LockName(string name) => $"exchange_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}";

    string Comment(TableName table, string title, string? column)
    {
        var of = column is null ? "" : $", N'COLUMN', {Literal(column)}";
        return $"DECLARE @schema sysname = {(table.Schema is null ? $"OBJECT_SCHEMA_NAME(OBJECT_ID({Literal(Dialect.Quote(table))}))" : Literal(table.Schema))}; " +
            $"EXEC sys.sp_addextendedproperty N'MS_Description', {Literal(title)}, N'SCHEMA', @schema, N'TABLE', {Literal(table.Name)}{of}";
    }

    static string Literal(string text)
    {
        var clean = text.Replace("\0", "", StringComparison.Ordinal);
        if (clean.Length > LongestTitle) clean = clean[..(char.IsHighSurrogate(clean[LongestTitle - 1]) ? LongestTitle - 1 : LongestTitle)];
        return $"N'{clean.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
