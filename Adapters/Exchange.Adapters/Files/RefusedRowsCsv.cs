using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Exchange.Contracts.Files;

namespace Exchange.Adapters.Files;

/// <summary>Makes <see cref="RefusedRowsCsv"/>. Safe for concurrent callers.</summary>
internal sealed class RefusedRowFiles : IRefusedRowFiles
{
    public IRefusedRows Create(string path, IReadOnlyList<string> columns, char delimiter) => new RefusedRowsCsv(path, columns, delimiter);
}

/// <summary>
/// CSV in UTF-8 with a byte order mark (spreadsheets ask for one): place, rules and reasons, then the columns of the file that was read. So it can be corrected and imported itself.
/// Written beside its place under another name, which is held as long as its writer lives; what a killed one left there the next writer of the same file takes away.
/// </summary>
internal sealed class RefusedRowsCsv : IRefusedRows
{
    static readonly string[] Leading = ["exchange_place", "exchange_rules", "exchange_reasons"];

    const string Partial = ".partial";

    readonly string _path;
    readonly string _partial;
    readonly FileStream _file;
    readonly StreamWriter _text;
    readonly CsvWriter _csv;
    bool _complete;

    public RefusedRowsCsv(string path, IReadOnlyList<string> columns, char delimiter)
    {
        _path = Path.GetFullPath(path);
        _partial = string.Create(CultureInfo.InvariantCulture, $"{_path}.{Guid.NewGuid():N}{Partial}");
        try
        {
            if (Directory.Exists(_path)) throw new IOException("it is a folder");
            RemoveLeft();
            _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, 1 << 16);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong(exception);
        }

        _text = new StreamWriter(_file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), 1 << 16, leaveOpen: true);
        // Lines end in CRLF. Said as NewLine, no other line end within a value would be put into quotes.
        _csv = new CsvWriter(_text, new CsvConfiguration(CultureInfo.InvariantCulture) { Delimiter = delimiter.ToString() }, leaveOpen: true);
        foreach (var name in Leading.Concat(columns)) _csv.WriteField(name);
        _csv.NextRecord();
    }

    public async Task AppendAsync(RefusedRow row, CancellationToken cancel)
    {
        try
        {
            cancel.ThrowIfCancellationRequested();
            _csv.WriteField(row.Place);
            _csv.WriteField(string.Join("; ", row.Rules.Distinct()));
            _csv.WriteField(string.Join("; ", row.Reasons));
            // Put into quotes as a field is, what is wrong with its form would be mended unseen.
            if (row.Record is { } record) _csv.WriteField(record, shouldQuote: false);
            else foreach (var value in row.Values.Concat(row.Further)) _csv.WriteField(value ?? "");
            await _csv.NextRecordAsync();
        }
        catch (IOException exception)
        {
            throw Wrong(exception);
        }
    }

    public async Task CompleteAsync(CancellationToken cancel)
    {
        try
        {
            await _csv.FlushAsync();
            await _text.FlushAsync(cancel);
            _file.Flush(flushToDisk: true);
            // Held while it gets its name: what nobody holds may be taken away.
            File.Move(_partial, _path, overwrite: true);
            _complete = true;
            await _file.DisposeAsync();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Wrong(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_complete) return;
        // What stands in the writers is given up with the file.
        await _file.DisposeAsync();
        File.Delete(_partial);
    }

    /// <summary>Removes what killed writers of this file left; those of living ones can't be opened alone.</summary>
    void RemoveLeft()
    {
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(_path)!, $"{Path.GetFileName(_path)}.*{Partial}"))
        {
            if (!Guid.TryParseExact(left.AsSpan(_path.Length + 1, left.Length - _path.Length - 1 - Partial.Length), "N", out _)) continue;
            try
            {
                using var alone = new FileStream(left, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(left);
            }
            catch (Exception held) when (held is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    FileFormException Wrong(Exception exception) => new($"The refused rows can't be written to {_path}: {exception.Message}", "Give --errors a file in a folder that may be written and has room.", exception);
}
