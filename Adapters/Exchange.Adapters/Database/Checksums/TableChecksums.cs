using System.Data.Common;
using System.Globalization;
using Exchange.Adapters.Database.Writing;
using Exchange.Contracts.FrontEnd;

namespace Exchange.Adapters.Database.Checksums;

/// <summary>A column as its engine keeps it, in so far as that decides how it is summed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The engine's bare type name, lower case.</param>
internal sealed record SummedColumn(string Name, string Type);

/// <summary>How rows of one table become numbers by one form, in the SQL of an engine.</summary>
/// <param name="Form">Its name.</param>
/// <param name="Range">An expression over alias t: the key's range, 0 to <see cref="RangeSums.Ranges"/> - 1.</param>
/// <param name="Hash">An expression over alias t: the row's hash, an integer.</param>
internal sealed record ChecksumForm(string Form, string Range, string Hash);

/// <summary>
/// The course of summing, the same on every engine that can: one statement, which answers one row for the whole or one a range. The portable form, <see cref="Portable"/>, is the first 60 bits of the MD5 of the row's canonical
/// text: of each column its length in bytes, a colon and the value (a minus sign alone for NULL), so that values can't run into each other; the range is the first 12 bits of the MD5 of the key's
/// text made alike. Texts of values: text as UTF-8; whole numbers in digits; decimals without trailing zeros; booleans 1 or 0; dates yyyy-MM-dd; timestamps as microseconds since 1970; binary in lower-case
/// hexadecimal. Doubles have no text that all engines write alike.
/// </summary>
internal abstract class TableChecksums(FrontEndConnection connection, SqlDialect dialect) : IChecksums
{
    public const string Portable = "md5 1";

    protected const int RangeDigits = 3;

    protected const int HashDigits = 15;

    protected FrontEndConnection Settings { get; } = connection;

    protected SqlDialect Dialect { get; } = dialect;

    public Task<IReadOnlyList<string>> FormsAsync(ChecksumQuery query, CancellationToken cancel) => RunAsync<IReadOnlyList<string>>(query, async session =>
    {
        var columns = await ColumnsAsync(session, query.Table, cancel);
        var summed = query.Columns.Select(column => columns.FirstOrDefault(candidate => candidate.Name == column.Name)).ToList();
        return summed.Contains(null) ? [] : [.. Forms(session, query, summed!).Select(form => form.Form)];
    }, cancel);

    public Task<TableSum> SumWholeAsync(ChecksumQuery query, string form, CancellationToken cancel) => RunAsync(query, async session =>
    {
        await PrepareAsync(session, cancel);
        await using var command = session.Command($"SELECT count(*) AS counted, sum({Make(query, form).Hash}) AS summed FROM {Dialect.Quote(query.Table)} AS t WHERE {Standing(query)}");
        command.CommandTimeout = 0; // as below
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return new TableSum(reader.GetInt64(0), await reader.IsDBNullAsync(1, cancel) ? 0 : Modulo(reader.GetDecimal(1))); // of no rows the sum is NULL
    }, cancel);

    public Task<RangeSums> SumAsync(ChecksumQuery query, string form, CancellationToken cancel) => RunAsync(query, async session =>
    {
        var made = Make(query, form);
        await PrepareAsync(session, cancel);
        await using var command = session.Command($"SELECT {made.Range} AS part, count(*) AS counted, sum({made.Hash}) AS summed FROM {Dialect.Quote(query.Table)} AS t WHERE {Standing(query)} GROUP BY 1");
        command.CommandTimeout = 0; // a large table takes what it takes: what ends it is cancellation, not a clock
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var sums = new RangeSums();
        while (await reader.ReadAsync(cancel))
            sums.Add(Convert.ToInt32(reader.GetValue(0), CultureInfo.InvariantCulture), reader.GetInt64(1), Modulo(reader.GetDecimal(2)));
        return sums;
    }, cancel);

    public string Select(ChecksumQuery query, string form, IReadOnlyList<int> ranges) =>
        $"SELECT t.* FROM {Dialect.Quote(query.Table)} AS t{(ranges.Count == RangeSums.Ranges ? "" : $" WHERE {Make(query, form).Range} IN ({string.Join(", ", ranges.Select(range => range.ToString(CultureInfo.InvariantCulture)))})")}";

    protected string Column(string name) => $"t.{Dialect.Quote(name)}";

    /// <summary>What can be offered for columns as they are.</summary>
    protected abstract IEnumerable<ChecksumForm> Forms(DbConnection session, ChecksumQuery query, IReadOnlyList<SummedColumn> columns);

    /// <summary>The expressions of a form that was offered.</summary>
    protected abstract ChecksumForm Make(ChecksumQuery query, string form);

    protected abstract Task<IReadOnlyList<SummedColumn>> ColumnsAsync(DbConnection session, TableName table, CancellationToken cancel);

    /// <summary>What the session needs before it sums.</summary>
    protected virtual Task PrepareAsync(DbConnection session, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>A condition: the row is not marked as deleted.</summary>
    protected abstract string Standing(ChecksumQuery query);

    static ulong Modulo(decimal sum)
    {
        const decimal Whole = 18446744073709551616M;
        var rest = sum % Whole;
        return (ulong)(rest < 0 ? rest + Whole : rest);
    }

    async Task<T> RunAsync<T>(ChecksumQuery query, Func<DbConnection, Task<T>> work, CancellationToken cancel)
    {
        try
        {
            await using var session = await Dialect.OpenAsync(Settings, cancel);
            return await work(session);
        }
        catch (Exception exception) when (exception is not FrontEndException && !(exception is OperationCanceledException && cancel.IsCancellationRequested))
        {
            throw Dialect.Classify(exception, Settings, $"summing {Settings.Name}.{query.Table}");
        }
    }
}

/// <summary>Of an engine whose tables are summed in the hub.</summary>
internal sealed class NoChecksums : IChecksums
{
    public Task<IReadOnlyList<string>> FormsAsync(ChecksumQuery query, CancellationToken cancel) => Task.FromResult<IReadOnlyList<string>>([]);

    public Task<TableSum> SumWholeAsync(ChecksumQuery query, string form, CancellationToken cancel) => throw NotOffered(form);

    public Task<RangeSums> SumAsync(ChecksumQuery query, string form, CancellationToken cancel) => throw NotOffered(form);

    public string Select(ChecksumQuery query, string form, IReadOnlyList<int> ranges) => throw NotOffered(form);

    static ArgumentException NotOffered(string form) => new($"The form '{form}' was not offered.", nameof(form));
}
