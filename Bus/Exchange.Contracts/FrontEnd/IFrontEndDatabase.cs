using Exchange.Contracts.Errors;

namespace Exchange.Contracts.FrontEnd;

/// <summary>Makes the hub's view of a front-end database; one for each engine, chosen by <see cref="FrontEndConnection.Provider"/>.</summary>
public interface IFrontEndDatabases
{
    /// <summary>The engines known: postgresql, mysql, sqlserver, sqlite.</summary>
    IReadOnlyList<string> Providers { get; }

    /// <summary>Never connects; a wrong connection string is a <see cref="FrontEndException"/> when first used.</summary>
    IFrontEndDatabase Open(FrontEndConnection connection);
}

/// <summary>
/// A department's database. Safe for concurrent callers: each call takes a connection of its own from a pool and gives it back.
/// Every fault is a <see cref="FrontEndException"/>. Identifiers are always quoted and values always parameters.
/// </summary>
public interface IFrontEndDatabase : IAsyncDisposable
{
    FrontEndConnection Connection { get; }

    /// <summary>Tries the connection step by step: address, login, rights and, where a table is named, a sample read. Never throws for a failed step;
    /// steps after the first failure are left out.</summary>
    Task<IReadOnlyList<ConnectionStep>> CheckAsync(SourceQuery? sample, CancellationToken cancel);

    /// <summary>The table or view, or null when there is none (or it may not be seen).</summary>
    Task<TableDescription?> DescribeAsync(TableName table, CancellationToken cancel);

    /// <summary>The columns of a `query:` source; keys and indexes are unknown, so <see cref="TableDescription.UniqueKeys"/> is empty.</summary>
    Task<TableDescription> DescribeQueryAsync(string query, CancellationToken cancel);

    ISourceReader Source { get; }

    IChangeCapture Capture { get; }

    /// <summary>The database's own log; null: this engine's is not read.</summary>
    IWalCapture? Wal => null;

    IErrorTable Errors { get; }

    ITargetWriter Target { get; }

    IAttachmentTable Attachments { get; }

    IChecksums Checksums { get; }
}

/// <summary>One step of <see cref="IFrontEndDatabase.CheckAsync"/>.</summary>
/// <param name="Name">address, login, rights or sample.</param>
/// <param name="Ok">Whether it held.</param>
/// <param name="Detail">What was seen; for a failure what to do.</param>
public sealed record ConnectionStep(string Name, bool Ok, string Detail);

/// <summary>What kind of fault a front-end database gave, and so what to do about it.</summary>
public enum FrontEndFault
{
    /// <summary>Lost or refused connection, deadlock, serialization failure, lock time-out: try again later, nothing is wrong with the rows.</summary>
    Transient,
    /// <summary>A value or constraint of some row: bisect, quarantine that row, go on.</summary>
    Row,
    /// <summary>Login, right, table, column, setting: hold until a person has acted.</summary>
    Standing,
}

/// <summary>A fault of a front-end database, classified. The message names connection, table and what the engine said, never a connection string.</summary>
public class FrontEndException(FrontEndFault fault, string code, Party party, string message, string next, Exception? inner = null)
    : ExchangeException(code, party, message, next, inner)
{
    public FrontEndFault Fault { get; } = fault;
}
