using Exchange.Adapters.Database.Sqlite;
using Exchange.Contracts.Errors;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database;

/// <summary>Tries a connection step by step; the first step that fails is the last.</summary>
internal sealed class ConnectionCheck(FrontEndConnection connection, SqlDialect dialect, ISourceReader reader)
{
    const int SampleRows = 10;
    const int SampleBytes = 1024 * 1024;

    public async Task<IReadOnlyList<ConnectionStep>> RunAsync(SourceQuery? sample, CancellationToken cancel)
    {
        var steps = new List<ConnectionStep>();
        if (SqliteDialect.IsMissing(connection)) return [new ConnectionStep("address", sample is null, sample is null ? "there is no file yet; it is made when it is first written" : "There is no such file. Correct the path in the Connection.")];
        try
        {
            await using var session = await dialect.OpenAsync(connection, cancel);
            steps.Add(new ConnectionStep("address", true, dialect.Provider == "sqlite" ? "the file opens" : "the server answers"));
            steps.Add(new ConnectionStep("login", true, dialect.Provider == "sqlite" ? "a file asks for none" : $"logged in; server {session.ServerVersion}"));
            if (sample?.Table is { } table)
            {
                if (await dialect.DescribeAsync(session, connection, table, cancel) is not { } found)
                {
                    steps.Add(new ConnectionStep("rights", false, $"There is no table or view {table}, or this login may not see it. Correct the name, or have the department grant SELECT on it."));
                    return steps;
                }

                var missing = sample.Columns.Where(column => found.Find(column.Column) is null).Select(column => column.Column).ToList();
                steps.Add(missing.Count == 0
                    ? new ConnectionStep("rights", true, $"{table} is seen, {found.Columns.Count} columns")
                    : new ConnectionStep("rights", false, $"{table} has no column {string.Join(", ", missing)}. Its columns: {string.Join(", ", found.Columns.Select(column => column.Name))}."));
            }
            else
            {
                await using var command = session.CreateCommand();
                command.CommandText = "SELECT 1";
                await command.ExecuteScalarAsync(cancel);
                steps.Add(new ConnectionStep("rights", true, "statements run"));
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var fault = dialect.Classify(exception, connection, "connecting");
            if (steps.Count == 0 && fault.Code == ErrorCodes.FrontEndLoginRefused) steps.Add(new ConnectionStep("address", true, "the server answers"));
            steps.Add(new ConnectionStep(steps.Count switch { 0 => "address", 1 => "login", _ => "rights" }, false, FaultMessage.ToldOnce(fault)));
        }

        if (sample is not null && steps[^1].Ok) steps.Add(await SampleAsync(sample, cancel));
        return steps;
    }

    async Task<ConnectionStep> SampleAsync(SourceQuery sample, CancellationToken cancel)
    {
        try
        {
            var page = await reader.ReadPageAsync(sample, null, SampleRows, SampleBytes, cancel);
            return new ConnectionStep("sample", true, page.Rows.Count == 0 ? "read; it is empty" : $"read {page.Rows.Count} rows, {page.Faults.Count} faulty cells");
        }
        catch (FrontEndException fault)
        {
            return new ConnectionStep(fault.Code == ErrorCodes.FrontEndRightMissing ? "rights" : "sample", false, FaultMessage.ToldOnce(fault));
        }
        catch (ArgumentException fault)
        {
            return new ConnectionStep("sample", false, fault.Message);
        }
    }
}
