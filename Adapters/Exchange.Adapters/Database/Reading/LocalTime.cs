using System.Globalization;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Rows;

namespace Exchange.Adapters.Database.Reading;

/// <summary>
/// Date-times without a zone, read in the connection's zone. One that the clock passed over does not exist and is a fault; one that it showed twice is taken for the
/// first of the two instants (the earlier offset).
/// </summary>
internal sealed class LocalTime
{
    readonly TimeZoneInfo? _zone;

    public LocalTime(FrontEndConnection connection)
    {
        if (connection.TimeZone is "UTC" or "Etc/UTC") return;
        _zone = TimeZoneInfo.TryFindSystemTimeZoneById(connection.TimeZone, out var zone)
            ? zone
            : throw new FrontEndException(FrontEndFault.Standing, ErrorCodes.FrontEndUnfit, Party.Provider,
                $"{connection}: the time zone '{connection.TimeZone}' is unknown.", "Give an IANA zone such as Asia/Shanghai as timeZone of the Connection.");
    }

    /// <param name="local">Microseconds since 1970-01-01T00:00:00 of the wall clock, within the years 0001…9999.</param>
    /// <param name="instant">Microseconds since 1970 UTC.</param>
    /// <returns>Null, or the rule that is broken: local-time or range.</returns>
    public string? TryInstant(long local, out long instant)
    {
        instant = local;
        if (_zone is null) return null;
        if (WallClock.Instants(local, _zone, out instant, out _) == 0) return "local-time";
        return instant < Temporal.SmallestMicrosecond || instant > Temporal.LargestMicrosecond ? "range" : null;
    }

    /// <summary>What the wall clock shows at an instant.</summary>
    public long Wall(long instant) => _zone is null ? instant : instant + WallClock.Offset(instant, _zone);

    /// <summary>yyyy-MM-dd HH:mm:ss[.ffffff], the form every engine takes.</summary>
    public static string Text(long microseconds)
    {
        var format = microseconds % 1_000_000 == 0 ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd HH:mm:ss.ffffff";
        return Temporal.Instant(microseconds).ToString(format, CultureInfo.InvariantCulture);
    }
}
