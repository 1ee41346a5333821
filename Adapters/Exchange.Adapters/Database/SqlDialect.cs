using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database;

/// <summary>What one engine spells and does differently. One sealed class each; stateless and safe for concurrent callers.</summary>
internal abstract class SqlDialect
{
    /// <summary>As a Connection manifest says it.</summary>
    public abstract string Provider { get; }

    /// <summary>Longest identifier the engine keeps, in the unit of <see cref="NameLength"/>.</summary>
    public abstract int LongestName { get; }

    /// <summary>How the engine counts a name: PostgreSQL in UTF-8 bytes, MariaDB in characters.</summary>
    public abstract int NameLength(string name);

    /// <summary>An identifier in the engine's quotes, quotes inside doubled. A NUL in a name is refused.</summary>
    public abstract string Quote(string identifier);

    public string Quote(TableName table) => table.Schema is null ? Quote(table.Name) : $"{Quote(table.Schema)}.{Quote(table.Name)}";

    /// <summary>The end of an ordered SELECT that answers so many rows, after so many others.</summary>
    public virtual string Limit(long rows, long skip = 0) => skip == 0 ? $"LIMIT {rows}" : $"LIMIT {rows} OFFSET {skip}";

    /// <summary>An open connection with the session set as the hub needs it (UTC, strict mode, no silent conversions). Faults come classified.</summary>
    public abstract Task<DbConnection> OpenAsync(FrontEndConnection connection, CancellationToken cancel);

    /// <summary>Turns a driver's exception into a <see cref="FrontEndException"/>: transient, row or standing.</summary>
    /// <param name="exception">From the driver, a socket or a time-out.</param>
    /// <param name="connection">For the message.</param>
    /// <param name="doing">What was being done, as in "reading market-front.jg_check_action".</param>
    public abstract FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing);

    public abstract Task<TableDescription?> DescribeAsync(DbConnection connection, FrontEndConnection settings, TableName table, CancellationToken cancel);

    /// <summary>The engine's type for a column of a table that the hub makes.</summary>
    /// <param name="type">The item type.</param>
    /// <param name="key">Whether the column is part of the key: it must be indexable and compare by code point.</param>
    public abstract string NativeType(ItemType type, bool key);

    /// <summary>A name of the hub's making: as it is when it fits the engine, else cut with eight hexadecimal digits of its SHA-256 at the end.</summary>
    public string GeneratedName(string name)
    {
        if (NameLength(name) <= LongestName) return name;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        var text = new StringInfo(name);
        for (var length = text.LengthInTextElements - 1; length > 0; length--)
        {
            var cut = $"{text.SubstringByTextElements(0, length)}_{digest}";
            if (NameLength(cut) <= LongestName) return cut;
        }

        return digest;
    }
}
