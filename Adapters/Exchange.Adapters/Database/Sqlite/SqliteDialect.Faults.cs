using System.Globalization;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.Sqlite;

namespace Exchange.Adapters.Database.Sqlite;

internal sealed partial class SqliteDialect
{
    /// <summary>By primary result code (sqlite.org/rescode.html).</summary>
    public override FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing) => exception switch
    {
        FrontEndException known => known,
        SqliteException sqlite => Classify(sqlite, connection, doing),
        UnauthorizedAccessException => FaultMessage.Right(connection, doing, exception.Message, exception),
        FileNotFoundException or DirectoryNotFoundException => FaultMessage.Missing(connection, doing, exception.Message, exception),
        _ => FaultMessage.Network(connection, doing, exception),
    };

    static FrontEndException Classify(SqliteException exception, FrontEndConnection connection, string doing)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{exception.Message.TrimEnd('.')} (result {exception.SqliteExtendedErrorCode})");
        switch (exception.SqliteErrorCode)
        {
            case SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_PROTOCOL or SQLitePCL.raw.SQLITE_INTERRUPT or SQLitePCL.raw.SQLITE_SCHEMA:
                return FaultMessage.Transient(connection, doing, said, exception);
            case SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_TOOBIG or SQLitePCL.raw.SQLITE_RANGE:
                return FaultMessage.Row(connection, doing, said, exception);
            case SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_AUTH:
                return FaultMessage.Right(connection, doing, said, exception);
            case SQLitePCL.raw.SQLITE_CANTOPEN:
                return FaultMessage.Standing(connection, doing, said + ": the folder is missing or may not be entered", exception, ErrorCodes.FrontEndUnreachable);
            case SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT:
                return FaultMessage.Standing(connection, doing, said, exception, ErrorCodes.FrontEndUnfit);
            case SQLitePCL.raw.SQLITE_ERROR when Says("no such table") || Says("no such column") || Says("no such view") || Says("no such index") || Says("has no column named"):
                return FaultMessage.Missing(connection, doing, said, exception);
            // RAISE in a department's trigger, an overflow of an integer.
            case SQLitePCL.raw.SQLITE_ERROR when Says("overflow"):
                return FaultMessage.Row(connection, doing, said, exception);
            default:
                return FaultMessage.Standing(connection, doing, said, exception);
        }

        bool Says(string words) => exception.Message.Contains(words, StringComparison.OrdinalIgnoreCase);
    }
}
