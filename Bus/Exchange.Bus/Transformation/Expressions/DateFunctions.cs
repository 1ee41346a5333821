using System.Globalization;
using Exchange.Bus.Transformation.Conversion;
using Exchange.Contracts.Rows;
using Utf8 = System.ReadOnlySpan<byte>;

namespace Exchange.Bus.Transformation.Expressions;

/// <summary>Functions over dates and timestamps, and texts of any value. Days of timestamps are those of the compiler's zone.</summary>
internal static class DateFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        new("days", "days(from, to), the days from the first date to the second", 2, 2, Days),
        new("year", "year(date)", 1, 1, call => Part(call, static date => date.Year)),
        new("month", "month(date)", 1, 1, call => Part(call, static date => date.Month)),
        new("day", "day(date)", 1, 1, call => Part(call, static date => date.Day)),
        new("today", "today()", 0, 0, static call => call.Result(Kind.Date, static binding => new Constant<long>(Moments.Day(binding.Now, binding.Zone)))),
        new("now", "now()", 0, 0, static call => call.Result(Kind.Timestamp, static binding => new Constant<long>(binding.Now))),
        new("to_date", "to_date(text, 'yyyyMMdd') or to_date(timestamp)", 1, 2, ToDate),
        new("to_timestamp", "to_timestamp(text, 'yyyyMMddHHmmss')", 2, 2, ToTimestamp),
        new("format", "format(date, 'yyyy/MM/dd')", 2, 2, Format),
        new("to_text", "to_text(value)", 1, 1, ToText),
    ];

    static Typed? Days(FunctionCall call)
    {
        var from = call.Argument(0, Kind.Date);
        var to = call.Argument(1, Kind.Date);
        return from is null || to is null ? null : call.Result(Kind.Integer, CodeGenerator.Map(to, from, Operators.Whole('-')));
    }

    static Typed? Part(FunctionCall call, Func<DateOnly, int> part)
    {
        if (call.Arguments[0].Kind == Kind.Timestamp)
        {
            return call.Result(Kind.Integer, CodeGenerator.Map<long, long>(call.Arguments[0], (value, scratch, out result) =>
            {
                result = part(Temporal.Date(Moments.Day(value, scratch.Binding.Zone)));
                return true;
            }));
        }

        return call.Argument(0, Kind.Date) is not { } date ? null : call.Result(Kind.Integer, CodeGenerator.Map<long, long>(date, (value, _, out result) =>
        {
            result = part(Temporal.Date(value));
            return true;
        }));
    }

    static Typed? ToDate(FunctionCall call)
    {
        if (call.Count == 1)
        {
            if (call.Arguments[0].Kind == Kind.Text) return call.ReportCall("The format of the text is needed: to_date(text, 'yyyyMMdd').");
            return call.Argument(0, Kind.Timestamp) is not { } instant ? null : call.Result(Kind.Date, CodeGenerator.Map<long, long>(instant, static (value, scratch, out result) =>
            {
                result = Moments.Day(value, scratch.Binding.Zone);
                return true;
            }));
        }

        var text = call.Argument(0, Kind.Text);
        if (Pattern(call, time: false) is not { } format || text is null) return null;
        return call.Result(Kind.Date, CodeGenerator.Map<Utf8, long>(text, (value, scratch, out result) =>
            Moments.TryDate(scratch.Characters(value), format, out result) || scratch.Fail($"'{NumberFunctions.Shown(value)}' is no date of the form {format}.")));
    }

    static Typed? ToTimestamp(FunctionCall call)
    {
        var text = call.Argument(0, Kind.Text);
        if (Pattern(call, time: true) is not { } format || text is null) return null;
        return call.Result(Kind.Timestamp, CodeGenerator.Map<Utf8, long>(text, (value, scratch, out result) =>
            Moments.TryTimestamp(scratch.Characters(value), format, scratch.Binding.Zone, out result)
            || scratch.Fail($"'{NumberFunctions.Shown(value)}' is no timestamp of the form {format}.")));
    }

    static Typed? Format(FunctionCall call)
    {
        var value = call.Arguments[0];
        var timed = value.Kind == Kind.Timestamp;
        if (!timed && call.Argument(0, Kind.Date) is null) return null;
        if (Pattern(call, timed) is not { } format) return null;
        if (timed) return call.Result(Kind.Text, Kinds.TextOf(format.Length * 2), CodeGenerator.Map<long, Utf8>(value, (moment, scratch, out result) => Text(scratch, Moments.TimestampText(moment, format, scratch.Binding.Zone), out result)));
        return call.Result(Kind.Text, Kinds.TextOf(format.Length * 2), CodeGenerator.Map<long, Utf8>(call.Argument(0, Kind.Date)!, (date, scratch, out result) => Text(scratch, Moments.DateText(date, format), out result)));
    }

    static string? Pattern(FunctionCall call, bool time)
    {
        if (call.Literal(1) is not { } format) return null;
        if (Moments.CheckFormat(format, time) is not { } wrong) return format;
        call.Report(1, wrong);
        return null;
    }

    /// <summary>The canonical text of any value, as <see cref="Column.TextAt"/> gives it.</summary>
    static Typed? ToText(FunctionCall call)
    {
        var value = call.Arguments[0];
        return value.Kind switch
        {
            Kind.Text or Kind.Null => call.Result(Kind.Text, value.Type, value.Build),
            Kind.Boolean => Texts<bool>(static (flag, scratch, out result) => Text(scratch, flag ? "true" : "false", out result)),
            Kind.Integer => Texts<long>(static (number, scratch, out result) => Text(scratch, number.ToString(CultureInfo.InvariantCulture), out result)),
            Kind.Decimal => Texts<decimal>(static (number, scratch, out result) => Text(scratch, CanonicalText.Of(number), out result)),
            Kind.Double => Texts<double>(static (number, scratch, out result) => Text(scratch, CanonicalText.Of(number), out result)),
            Kind.Date => Texts<long>(static (date, scratch, out result) => Text(scratch, Temporal.DateText(date), out result)),
            Kind.Timestamp => Texts<long>(static (moment, scratch, out result) => Text(scratch, Temporal.TimestampText(moment), out result)),
            _ => Texts<Utf8>(static (data, scratch, out result) => Text(scratch, Convert.ToHexStringLower(data), out result)),
        };

        Typed Texts<T>(Operation<T, Utf8> operation) where T : allows ref struct => call.Result(Kind.Text, CodeGenerator.Map(value, operation));
    }

    static bool Text(Scratch scratch, string text, out Utf8 result)
    {
        var whole = scratch.Set(text);
        result = scratch.Text;
        return whole;
    }
}
