using System.Globalization;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using MySqlConnector;

namespace Exchange.Adapters.Database.MySql;

internal sealed partial class MySqlDialect
{
    /// <summary>By error number (MariaDB and MySQL share them below 1900), the driver's own numbers where the server said nothing.</summary>
    public override FrontEndException Classify(Exception exception, FrontEndConnection connection, string doing) => exception switch
    {
        FrontEndException known => known,
        MySqlException mysql => Classify(mysql, connection, doing),
        ObjectDisposedException or InvalidOperationException => FaultMessage.Transient(connection, doing, exception.Message, exception),
        _ => FaultMessage.Network(connection, doing, exception),
    };

    static FrontEndException Classify(MySqlException exception, FrontEndConnection connection, string doing)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{exception.Message} (error {exception.Number})");
        switch (exception.Number)
        {
            // access denied, no database of that name, no rights on the database, account locked or expired, plug-in not supported
            case 1045 or 1698 or 1049 or 1044 or 1862 or 1820 or 3118 or 4151 or 1251 or 1046:
                return FaultMessage.Login(connection, doing, said, exception);
            case 1142 or 1143 or 1227 or 1370 or 1290 or 1410 or 1419 or 1836 or 1792 or 3955:
                return FaultMessage.Right(connection, doing, said, exception);
            case 1146 or 1054 or 1051 or 1109 or 1356 or 1305 or 1360:
                return FaultMessage.Missing(connection, doing, said, exception);
            // too many connections (server, user), shutdown, lost in the middle, host blocked for a while
            case 1040 or 1203 or 1226 or 1053 or 1077 or 1079 or 1080 or 1152 or 1158 or 1159 or 1160 or 1161 or 1129 or 2002 or 2003 or 2006 or 2013 or 2055 or 1927 or 4031:
                return FaultMessage.Unreachable(connection, doing, said, exception);
            // deadlock, lock wait, killed, table definition changed, record changed since read, statement time-out
            case 1213 or 1205 or 1317 or 1206 or 1412 or 1020 or 1969 or 3024 or 1615 or 1637 or 3572:
                return FaultMessage.Transient(connection, doing, said, exception);
            // not null, duplicate, foreign key, check, too long, out of range, bad value or encoding, no default, signal of a trigger, row or index entry too large, view check
            case 1048 or 1062 or 1169 or 1586 or 1216 or 1217 or 1451 or 1452 or 1557 or 1761 or 1762 or 3819 or 4025 or 1406 or 1264 or 1265 or 1292 or 1366 or 1367 or 1411
                or 1690 or 1364 or 1644 or 1118 or 1153 or 1301 or 1369 or 1416 or 1441 or 1525 or 3140 or 3141 or 3156 or 3854 or 4038 or 1977 or 1300 or 1526 or 1748 or 1022:
                return FaultMessage.Row(connection, doing, said, exception);
        }

        if (exception.ErrorCode == MySqlErrorCode.UnableToConnectToHost || exception.InnerException is not null) return FromConnecting(exception, connection, doing, said);
        return exception.IsTransient ? FaultMessage.Transient(connection, doing, said, exception) : FaultMessage.Standing(connection, doing, said, exception);
    }

    static FrontEndException FromConnecting(MySqlException exception, FrontEndConnection connection, string doing, string said)
    {
        for (Exception? cause = exception.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is System.Net.Sockets.SocketException or IOException or TimeoutException) return FaultMessage.Network(connection, doing, cause);
            if (cause is System.Security.Authentication.AuthenticationException)
                return FaultMessage.Standing(connection, doing, "the encrypted connection failed: " + cause.Message, exception, ErrorCodes.FrontEndUnreachable);
        }

        // The driver says no more than that no address answered: an unknown name shows only in its words.
        return said.Contains("not known", StringComparison.OrdinalIgnoreCase) || said.Contains("no such host", StringComparison.OrdinalIgnoreCase)
            ? FaultMessage.UnknownHost(connection, doing, said, exception)
            : FaultMessage.Unreachable(connection, doing, said, exception);
    }
}
