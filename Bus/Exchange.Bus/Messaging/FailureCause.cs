using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Exchange.Bus.Messaging;

/// <summary>What failures of one cause have in common: type and place of the exception.</summary>
internal sealed record FailureCause(string ExceptionType, string Place, string Message)
{
    const string OwnCode = "Exchange.";

    /// <summary>Sixteen hexadecimal digits, the same in every run of the program.</summary>
    public string Key => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ExceptionType + "\n" + Place)))[..16];

    public static FailureCause Of(Exception failed)
    {
        // Wrappers say nothing about the cause.
        while (failed is TargetInvocationException or AggregateException { InnerExceptions.Count: 1 } && failed.InnerException is { } inner) failed = inner;
        return new FailureCause(failed.GetType().FullName ?? failed.GetType().Name, PlaceOf(failed), failed.Message);
    }

    // The runtime's text gives the names of asynchronous methods as they were written, which the frames themselves do not.
    static string PlaceOf(Exception failed)
    {
        var frames = (failed.StackTrace ?? "").Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("at ", StringComparison.Ordinal)).Select(MethodOf).ToList();
        return frames.Find(method => method.StartsWith(OwnCode, StringComparison.Ordinal)) ?? frames.FirstOrDefault() ?? "";
    }

    // Without arguments, file and line: they change between versions while the cause does not.
    static string MethodOf(string line)
    {
        var end = line.IndexOf('(', StringComparison.Ordinal);
        return end < 0 ? line[3..] : line[3..end];
    }
}
