using System.Globalization;

namespace Exchange.Contracts.FrontEnd;

/// <summary>cd_batch, which a department gives what it submits together: the date and the run's number, as in 2019041100002, the second run of 2019-04-11. Compared as text.</summary>
public static class BatchNumber
{
    const string Date = "yyyyMMdd";

    /// <summary>A text that no batch of the day before lies under, nor of any later day; a batch number of another form as it is. Batches are numbered when they begin and committed when they end.</summary>
    /// <param name="batch">Any batch.</param>
    public static string DayBefore(string batch) =>
        batch.Length > Date.Length && DateOnly.TryParseExact(batch.AsSpan(0, Date.Length), Date, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day > DateOnly.MinValue
            ? day.AddDays(-1).ToString(Date, CultureInfo.InvariantCulture)
            : batch;
}
