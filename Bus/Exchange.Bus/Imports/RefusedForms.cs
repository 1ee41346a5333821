using Exchange.Bus.Quality;
using Exchange.Bus.Quarantine;
using Exchange.Contracts.Files;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Bus.Imports;

/// <summary>
/// Refused rows for a CSV file of their own, in which none becomes good by itself. A value that breaks a rule breaks it there too; a row whose form was wrong, or a cell that could not be read,
/// would stand there in a form that is right, and an empty text would be NULL. So its text is written as it was (CSV), or it has more fields than there are columns.
/// </summary>
internal static class RefusedForms
{
    /// <summary>The further field of a row that had none itself.</summary>
    const string Correct = "correct the row and take this field out";

    /// <param name="page">The rows as they were given.</param>
    /// <param name="items">The same as they were judged.</param>
    /// <param name="rejected">Which of them were refused.</param>
    /// <param name="refused">Those as they stand in the quarantine, in the same order.</param>
    public static IReadOnlyList<RefusedRow> Of(FilePage page, SourcePage items, IReadOnlyList<RejectedRow> rejected, IReadOnlyList<QuarantinedRow> refused)
    {
        var given = page.Given.ToDictionary(row => row.Row);
        var unread = items.Faults.Select(fault => fault.Row).ToHashSet();
        return [.. rejected.Zip(refused, (row, told) => Row(told, given.GetValueOrDefault(row.Row), unread.Contains(row.Row)))];
    }

    static RefusedRow Row(QuarantinedRow told, GivenRow? given, bool unread) => new(told.Values[0].Value!, [.. told.Broken.Select(broken => broken.Rule)], [.. told.Broken.Select(Reason)],
        [.. told.Values.Skip(1).Select(value => value.Value)], given?.Further ?? (unread || told.Values.Any(value => value.Value is "") ? [Correct] : []), given?.Record);

    static string Reason(BrokenRule broken) => broken.Item is null ? broken.Message : $"{broken.Item}: {broken.Message}";
}
