using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Exchange.Contracts.Rows;

/// <summary>
/// A zone's offsets to the second, from the machine's zone file (RFC 9636): the one that TimeZoneInfo rounds to minutes and that PostgreSQL goes by. No package's own data will do:
/// they are mostly compiled without what tzdata knows of the years before 1970 (Amsterdam is Brussels there). Safe for concurrent callers.
/// </summary>
internal sealed class ZoneHistory
{
    /// <summary>No zone is ever further from UTC.</summary>
    public const long Widest = 26 * 3_600_000_000L;

    const int HeaderLength = 44, TypeLength = 6;

    // The header's counts, in their order.
    const int UtcCount = 0, StandardCount = 1, LeapCount = 2, TimeCount = 3, TypeCount = 4, LetterCount = 5;

    static readonly ConcurrentDictionary<string, ZoneHistory?> Known = new(StringComparer.Ordinal);

    // Since when, and which offset, in microseconds; the first is without a beginning.
    readonly long[] _since;
    readonly long[] _offsets;

    ZoneHistory(ReadOnlySpan<byte> file)
    {
        // The first part has times of 32 bits, for readers of old; the second says all again with 64.
        var size = sizeof(int);
        if (file[4] != 0)
        {
            file = file[(HeaderLength + Length(file, size))..];
            size = sizeof(long);
        }

        var times = Count(file, TimeCount);
        var content = file[HeaderLength..];
        var kinds = content[(times * size)..];
        var types = kinds[times..];
        _since = new long[times + 1];
        _offsets = new long[times + 1];
        (_since[0], _offsets[0]) = (long.MinValue, Offset(types, 0));
        for (var at = 0; at < times; at++)
        {
            var seconds = size == sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(content[(at * size)..]) : BinaryPrimitives.ReadInt64BigEndian(content[(at * size)..]);
            // Some files begin with the Big Bang, which is beyond microseconds.
            _since[at + 1] = Math.Max(seconds, long.MinValue / 1_000_000) * 1_000_000;
            _offsets[at + 1] = Offset(types, kinds[at]);
        }
    }

    /// <summary>Null for a zone that has no file: one made by a program, or any on Windows.</summary>
    public static ZoneHistory? Of(TimeZoneInfo zone) => Known.GetOrAdd(zone.Id, static id => Find(id) ?? (TimeZoneInfo.TryConvertWindowsIdToIanaId(id, out var iana) ? Find(iana) : null));

    public long Offset(long instant) => _offsets[At(instant)];

    /// <returns>How many instants the local time stands for.</returns>
    public int Instants(long local, out long earlier, out long later)
    {
        (earlier, later) = (local, local);
        var count = 0;
        for (var (at, last) = (At(local - Widest), At(local + Widest)); at <= last; at++)
        {
            var instant = local - _offsets[at];
            if (instant < _since[at] || (at + 1 < _since.Length && instant >= _since[at + 1])) continue;
            later = instant;
            if (count++ == 0) earlier = instant;
        }

        return count;
    }

    int At(long instant)
    {
        var found = Array.BinarySearch(_since, instant);
        return found < 0 ? ~found - 1 : found;
    }

    static ZoneHistory? Find(string id)
    {
        // Where .NET looks, too.
        var directory = Environment.GetEnvironmentVariable("TZDIR");
        var path = Path.Combine(string.IsNullOrEmpty(directory) ? "/usr/share/zoneinfo" : directory, id);
        if (!File.Exists(path)) return null;
        var file = File.ReadAllBytes(path);
        return file.AsSpan().StartsWith("TZif"u8) ? new ZoneHistory(file) : null;
    }

    static long Offset(ReadOnlySpan<byte> types, int type) => BinaryPrimitives.ReadInt32BigEndian(types[(type * TypeLength)..]) * 1_000_000L;

    static int Count(ReadOnlySpan<byte> header, int which) => BinaryPrimitives.ReadInt32BigEndian(header[(20 + (which * sizeof(int)))..]);

    /// <summary>Of the content behind a header, whose times have size bytes.</summary>
    static int Length(ReadOnlySpan<byte> header, int size) =>
        (Count(header, TimeCount) * (size + 1)) + (Count(header, TypeCount) * TypeLength) + Count(header, LetterCount) + (Count(header, LeapCount) * (size + sizeof(int)))
        + Count(header, StandardCount) + Count(header, UtcCount);
}
