using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Microsoft.Data.SqlClient;

namespace Exchange.Adapters.Database.SqlServer;

internal sealed partial class SqlServerDialect
{
    /// <summary>Errors from here on are raised by the department's own code: triggers, procedures.</summary>
    const int FirstOwnError = 50_000;

    /// <summary>Severity from which the server ends the connection.</summary>
    const byte Fatal = 20;

    /// <summary>Severity of a command that was stopped.</summary>
    const byte Stopped = 11;

    /// <summary>By error number (sys.messages). One answer may bring several, as "duplicate key" and "the statement has been terminated": the first that tells something counts.</summary>
    /// <exception cref="OperationCanceledException">The driver's word for a command whose token was cancelled is an error without a number.</exception>
    public override FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing)
    {
        switch (exception)
        {
            case FrontEndException known: return known;
            case SqlException sql when IsStopped(sql): throw new OperationCanceledException($"{connection}: {doing} was stopped.", sql);
            case SqlException sql: return Classify(sql, connection, doing);
            // A pool without a free connection, a pooled connection that was lost while it was used.
            case ObjectDisposedException or InvalidOperationException: return FaultMessage.Transient(connection, doing, exception.Message, exception);
            default: return FaultMessage.Network(connection, doing, exception);
        }
    }

    /// <summary>Whether the statement was ended by a command's own token.</summary>
    public static bool IsStopped(SqlException exception) => exception is { Number: 0, Class: Stopped };

    static FrontEndException Classify(SqlException exception, FrontEndConnection connection, string doing)
    {
        var errors = exception.Errors.Cast<SqlError>().ToList();
        foreach (var error in errors)
        {
            var said = string.Create(CultureInfo.InvariantCulture, $"{error.Message} (error {error.Number})");
            switch (KindOf(error.Number))
            {
                case Kind.Login: return FaultMessage.Login(connection, doing, said, exception);
                case Kind.Right: return FaultMessage.Right(connection, doing, said, exception);
                case Kind.Missing: return FaultMessage.Missing(connection, doing, said, exception);
                case Kind.Unreachable: return FaultMessage.Unreachable(connection, doing, said, exception);
                case Kind.Transient: return FaultMessage.Transient(connection, doing, said, exception);
                case Kind.Row: return FaultMessage.Row(connection, doing, said, exception);
            }
        }

        for (Exception? cause = exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
                return FaultMessage.Standing(connection, doing, "the encrypted connection failed: " + cause.Message + " Have the server's certificate trusted on this machine, or say TrustServerCertificate=true where the network itself is trusted", exception, ErrorCodes.FrontEndUnreachable);
            if (cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }) return FaultMessage.UnknownHost(connection, doing, "the host name is unknown", exception);
        }

        var all = string.Create(CultureInfo.InvariantCulture, $"{exception.Message} (error {exception.Number})");
        return errors.Exists(error => error.Class >= Fatal) || exception.InnerException is SocketException or IOException
            ? FaultMessage.Unreachable(connection, doing, all, exception)
            : FaultMessage.Standing(connection, doing, all, exception);
    }

    static Kind KindOf(int number) => number switch
    {
        // login failed (also disabled, locked, expired, must change, wrong kind), no such database, firewall of Azure
        18450 or 18451 or 18452 or 18456 or 18461 or 18463 or 18464 or 18465 or 18466 or 18467 or 18468 or 18470 or 18486 or 18487 or 18488 or 4060 or 4062 or 4063 or 4064 or 40532 or 40615 or 40914 => Kind.Login,
        // permission denied on object, column, statement, view, server state; not seen or not allowed; database read-only; no such schema; bulk load
        229 or 230 or 262 or 297 or 300 or 371 or 378 or 916 or 1088 or 2104 or 2760 or 3906 or 3908 or 4834 or 4902 or 5011 or 8197 or 15151 or 15247 or 15562 or 21050 => Kind.Right,
        207 or 208 or 2812 or 4121 or 4701 => Kind.Missing,
        // the driver's numbers of sockets and pipes; shutdown, kill, paused, too many connections; database starting, restoring, offline, another replica's turn; Azure: moved, throttled, busy
        -1 or 2 or 20 or 53 or 64 or 121 or 233 or 258 or 1225 or 1231 or 10053 or 10054 or 10060 or 10061 or 596 or 6002 or 6005 or 17142 or 17187 or 17188 or 17189 or 17197 or 17809 or 17830 or 18401
            or 921 or 922 or 924 or 927 or 942 or 945 or 952 or 976 or 978 or 979 or 982 or 983 or 988 or 4221 or 615 or 926 or 10928 or 10929 or 10936 or 40020 or 40143 or 40166 or 40197 or 40501 or 40540 or 40613
            or 42108 or 42109 or 49918 or 49919 or 49920 => Kind.Unreachable,
        // deadlock, lock time-out, no locks or memory left, statement time-out, update conflicts and lost versions of snapshots, latches, moved data, in-memory conflicts, a clock behind a temporal table
        1205 or 1222 or 1204 or 1221 or 601 or 701 or 802 or 844 or 845 or 846 or 847 or 1203 or 1807 or 3935 or 3957 or 3958 or 3959 or 3960 or 3961 or 3966 or 3967 or 5245 or 8628 or 8645 or 8651
            or 10922 or 13535 or 41301 or 41302 or 41305 or 41325 or 41839 or -2 => Kind.Transient,
        // duplicate key and unique index; foreign key and check; null; too long; conversions, overflows and domains; row or index entry too long; a policy's block; the end of a transaction in a trigger; bulk values
        2627 or 2601 or 547 or 515 or 2628 or 8152 or 8114 or 8115 or 220 or 232 or 236 or 237 or 238 or 241 or 242 or 244 or 245 or 248 or 293 or 295 or 296 or 298 or 517 or 519 or 520 or 521 or 522 or 523 or 524 or 535
            or 511 or 550 or 1946 or 3609 or 3616 or 3623 or 3991 or 3998 or 4815 or 4819 or 4863 or 4864 or 4867 or 6522 or 8134 or 8153 or 8169 or 9803 or 9807 or 9819 or 33504 => Kind.Row,
        >= FirstOwnError => Kind.Row,
        _ => Kind.Unknown,
    };

    enum Kind
    {
        Unknown,
        Login,
        Right,
        Missing,
        Unreachable,
        Transient,
        Row,
    }
}
