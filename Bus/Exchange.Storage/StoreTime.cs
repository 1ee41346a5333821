namespace Exchange.Storage;

/// <summary>Times as the store keeps them: whole microseconds since 1970-01-01 UTC.</summary>
public static class StoreTime
{
    /// <summary>Rounded down to the microsecond.</summary>
    public static long ToUnixMicroseconds(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>In UTC.</summary>
    public static DateTimeOffset FromUnixMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
