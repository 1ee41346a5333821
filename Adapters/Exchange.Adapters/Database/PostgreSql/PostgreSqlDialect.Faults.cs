using System.Globalization;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Npgsql;

namespace Exchange.Adapters.Database.PostgreSql;

internal sealed partial class PostgreSqlDialect
{
    /// <summary>By SQLSTATE (PostgreSQL, Appendix A).</summary>
    public override FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing) => exception switch
    {
        FrontEndException known => known,
        PostgresException postgres => Classify(postgres, connection, doing),
        NpgsqlException { InnerException: PostgresException postgres } => Classify(postgres, connection, doing),
        NpgsqlException { InnerException: null } npgsql when npgsql.Message.Contains("password", StringComparison.OrdinalIgnoreCase) =>
            FaultMessage.Login(connection, doing, "the server asks for a password and the Connection has none", npgsql),
        NpgsqlException { InnerException: System.Security.Authentication.AuthenticationException tls } npgsql =>
            FaultMessage.Standing(connection, doing, "the encrypted connection failed: " + tls.Message, npgsql, ErrorCodes.FrontEndUnreachable),
        NpgsqlException { InnerException: null, IsTransient: false } npgsql => FaultMessage.Standing(connection, doing, npgsql.Message, npgsql),
        NpgsqlException { InnerException: null } npgsql => FaultMessage.Unreachable(connection, doing, npgsql.Message, npgsql),
        // A pooled connector that was lost while it was used.
        ObjectDisposedException or InvalidOperationException => FaultMessage.Transient(connection, doing, exception.Message, exception),
        _ => FaultMessage.Network(connection, doing, exception),
    };

    static FrontEndException Classify(PostgresException exception, FrontEndConnection connection, string doing)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{exception.MessageText} (SQLSTATE {exception.SqlState})");
        return exception.SqlState switch
        {
            "28000" or "28P01" or "3D000" => FaultMessage.Login(connection, doing, said, exception),
            "42501" or "25006" => FaultMessage.Right(connection, doing, said, exception),
            "42P01" or "42703" or "3F000" or "42704" or "42883" => FaultMessage.Missing(connection, doing, said, exception),
            "53300" or "57P01" or "57P02" or "57P03" or "57P05" => FaultMessage.Unreachable(connection, doing, said, exception),
            // 55006: object in use by another session; 55P03: lock not available; 57014: cancelled (statement or lock time-out of the server).
            "55006" or "55P03" or "57014" or "25P03" or "25P04" or "53200" or "53400" => FaultMessage.Transient(connection, doing, said, exception),
            // A partition or a foreign server that is missing has a class 23 or HV code that no correction of one row would cure; 23xxx are constraints of rows.
            "22023" or "22P04" or "22P06" or "2200L" or "2201B" => FaultMessage.Standing(connection, doing, said, exception),
            // 54000: an index entry too large for its page, told of a row.
            "54000" or "44000" or "P0001" or "27000" => FaultMessage.Row(connection, doing, said, exception),
            var state when state.StartsWith("08", StringComparison.Ordinal) => FaultMessage.Unreachable(connection, doing, said, exception),
            var state when state.StartsWith("40", StringComparison.Ordinal) => FaultMessage.Transient(connection, doing, said, exception),
            var state when state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal) => FaultMessage.Row(connection, doing, said, exception),
            _ => FaultMessage.Standing(connection, doing, said, exception),
        };
    }
}
