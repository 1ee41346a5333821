using System.Net.Sockets;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database;

/// <summary>Builds classified faults in one wording for all engines.</summary>
internal static class FaultMessage
{
    const string TriedAgain = "It is tried again; ";

    /// <summary>A fault in whole sentences, for who looks once: there nothing is tried again.</summary>
    public static string ToldOnce(FrontEndException fault)
    {
        var next = fault.Next.StartsWith(TriedAgain, StringComparison.Ordinal) ? char.ToUpperInvariant(fault.Next[TriedAgain.Length]) + fault.Next[(TriedAgain.Length + 1)..] : fault.Next;
        return $"{fault.Message}{(fault.Message[^1] is '.' or '!' or '?' ? "" : ".")} {next}";
    }

    public static FrontEndException Transient(FrontEndConnection connection, string doing, string said, Exception inner, string code = ErrorCodes.FrontEndFailed) =>
        Make(FrontEndFault.Transient, code, connection, doing, said, TriedAgain + "nothing needs to be done unless it lasts.", inner);

    public static FrontEndException Unreachable(FrontEndConnection connection, string doing, string said, Exception inner) =>
        Make(FrontEndFault.Transient, ErrorCodes.FrontEndUnreachable, connection, doing, said, TriedAgain + "check that the server runs and that host, port and firewall are right.", inner);

    public static FrontEndException UnknownHost(FrontEndConnection connection, string doing, string said, Exception inner) =>
        Make(FrontEndFault.Standing, ErrorCodes.FrontEndUnreachable, connection, doing, said, "Correct the host name in the Connection, or make it known to the name server.", inner);

    public static FrontEndException Login(FrontEndConnection connection, string doing, string said, Exception inner) =>
        Make(FrontEndFault.Standing, ErrorCodes.FrontEndLoginRefused, connection, doing, said, "Correct user, password or database in the Connection, or let the department allow this login.", inner);

    public static FrontEndException Right(FrontEndConnection connection, string doing, string said, Exception inner) =>
        Make(FrontEndFault.Standing, ErrorCodes.FrontEndRightMissing, connection, doing, said, "Have the department grant the right that is named.", inner);

    public static FrontEndException Missing(FrontEndConnection connection, string doing, string said, Exception? inner) =>
        Make(FrontEndFault.Standing, ErrorCodes.FrontEndObjectMissing, connection, doing, said, "Restore the table or column, or correct its name in the manifest, then resume.", inner);

    public static FrontEndException Row(FrontEndConnection connection, string doing, string said, Exception inner) =>
        Make(FrontEndFault.Row, ErrorCodes.FrontEndFailed, connection, doing, said, "Correct the row at its source, or the rule or column that refuses it.", inner);

    public static FrontEndException Standing(FrontEndConnection connection, string doing, string said, Exception? inner, string code = ErrorCodes.FrontEndFailed) =>
        Make(FrontEndFault.Standing, code, connection, doing, said, "Look at what the database says, mend it, then resume.", inner);

    /// <summary>Faults that no engine gave: sockets, time-outs, names.</summary>
    public static FrontEndException Network(FrontEndConnection connection, string doing, Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData }) return UnknownHost(connection, doing, "the host name is unknown", exception);
            if (cause is SocketException or IOException or TimeoutException) return Unreachable(connection, doing, cause.Message, exception);
        }

        return Standing(connection, doing, exception.Message, exception);
    }

    static FrontEndException Make(FrontEndFault fault, string code, FrontEndConnection connection, string doing, string said, string next, Exception? inner) =>
        new(fault, code, Party.Provider, $"{connection}: {doing}: {said}", next, inner);
}
