using System.Globalization;
using Exchange.Samples.FrontEnd;

namespace Exchange.Samples.Inspections;

/// <summary>The columns that department IT added for the exchange (fact 05).</summary>
/// <param name="Batch">Date and number of the submission.</param>
/// <param name="Operation">i, u or d.</param>
/// <param name="Source">Division and department.</param>
/// <param name="At">Local time.</param>
internal sealed record Submission(string Batch, string Operation, string Source, DateTime At);

/// <summary>The table jg_check_action: in one department with control columns, in another with a time of the last change.</summary>
internal static class InspectionTable
{
    public const string Name = "jg_check_action";

    static readonly (string Name, string Type)[] Business =
    [
        ("supervise_item_implement_code", "VARCHAR(14)"), ("supervise_item_check_icode", "VARCHAR(50)"), ("check_action_name", "VARCHAR(300)"), ("check_action_code", "VARCHAR(50) NOT NULL"),
        ("implement_institution", "VARCHAR(200)"), ("implement_institution_code", "VARCHAR(18) NOT NULL"), ("administrative_cp", "VARCHAR(200)"), ("administrative_cp_ui_code", "VARCHAR(20)"),
        ("address_operating", "VARCHAR(400)"), ("area_number", "VARCHAR(6)"), ("check_form", "VARCHAR(2)"), ("check_type", "VARCHAR(2)"), ("check_mode", "VARCHAR(2)"), ("check_result", "VARCHAR(2)"),
        ("check_date", "DATE"), ("check_personnel", "VARCHAR(200)"), ("check_personnel_code", "VARCHAR(50)"), ("submitted_date", "DATE"), ("submitted_personnel", "VARCHAR(50)"), ("plan_id", "VARCHAR(50)"),
    ];

    /// <summary>Names of the columns that the inspection itself fills.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. Business.Select(column => column.Name)];

    /// <summary>As a department keeps it that reports by batches: each submission adds rows.</summary>
    /// <param name="file">Where.</param>
    /// <param name="table">Its name there.</param>
    /// <param name="withStatus">False: IT has forgotten data_up_status.</param>
    /// <param name="cancel">Stops.</param>
    public static Task CreateWithControlAsync(FrontEndFile file, string table, bool withStatus, CancellationToken cancel) => file.ExecuteAsync(
        $"""
        CREATE TABLE "{table}" ({Definitions()},
            cd_id VARCHAR(80) NOT NULL, cd_time DATETIME NOT NULL, cd_source VARCHAR(40), cd_batch VARCHAR(32) NOT NULL, cd_operation VARCHAR(2) NOT NULL,
            {(withStatus ? "data_up_status VARCHAR(2)," : "")} data_up_time DATETIME, data_up_uuid VARCHAR(36),
            PRIMARY KEY (cd_id, cd_batch))
        """, cancel);

    /// <summary>As a department keeps it whose system writes down when a row was changed.</summary>
    public static Task CreateWithTimeAsync(FrontEndFile file, CancellationToken cancel) => file.ExecuteAsync(
        $"""
        CREATE TABLE {Name} ({Definitions()}, data_up_time DATETIME NOT NULL, PRIMARY KEY (check_action_code, implement_institution_code));
        CREATE INDEX ix_{Name}_time ON {Name} (data_up_time);
        """, cancel);

    /// <summary>Adds the rows of a submission.</summary>
    public static Task SubmitAsync(FrontEndFile file, IEnumerable<Inspection> rows, Submission submission, CancellationToken cancel) => file.InsertAsync(
        Name, [.. Columns, "cd_id", "cd_time", "cd_source", "cd_batch", "cd_operation", "data_up_status", "data_up_time", "data_up_uuid"],
        rows.Select(row => (IReadOnlyList<object?>)
            [.. Values(row), $"{row.InstitutionCode}-{row.Code}", Text(submission.At), submission.Source, submission.Batch, submission.Operation, "0", Text(submission.At), Uuid(row, submission)]), cancel);

    /// <summary>Adds rows with the times at which they were changed (UTC).</summary>
    public static Task InsertAsync(FrontEndFile file, IEnumerable<(Inspection Row, DateTimeOffset At)> rows, CancellationToken cancel) =>
        file.InsertAsync(Name, [.. Columns, "data_up_time"], rows.Select(row => (IReadOnlyList<object?>)[.. Values(row.Row), Text(row.At.UtcDateTime)]), cancel);

    /// <summary>Writes rows over those with the same keys.</summary>
    public static async Task ReplaceAsync(FrontEndFile file, IReadOnlyList<Inspection> rows, DateTimeOffset at, CancellationToken cancel)
    {
        foreach (var row in rows)
            await file.ExecuteAsync($"DELETE FROM {Name} WHERE check_action_code = $code AND implement_institution_code = $by", cancel, [("$code", row.Code), ("$by", row.InstitutionCode)]);
        await InsertAsync(file, rows.Select(row => (row, at)), cancel);
    }

    static string Definitions() => string.Join(", ", Business.Select(column => $"{column.Name} {column.Type}"));

    static IEnumerable<object?> Values(Inspection row) =>
    [
        row.ItemCode, row.CheckItemCode, row.Name, row.Code, row.Institution, row.InstitutionCode, row.Party, row.PartyCode, row.Address, row.Area,
        row.Form, row.Type, row.Mode, row.Result, Text(row.Checked), row.Personnel, row.PersonnelCode, Text(row.Submitted), row.SubmittedBy, row.Plan,
    ];

    static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>Made from what it names, so that every run has the same.</summary>
    static string Uuid(Inspection row, Submission submission) =>
        new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(row.Code + submission.Batch)).AsSpan(0, 16)).ToString();
}
