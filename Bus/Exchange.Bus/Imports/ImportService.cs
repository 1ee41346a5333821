using Exchange.Bus.Catalogue;
using Exchange.Bus.Exchanges;
using Exchange.Bus.Intake;
using Exchange.Bus.Quality;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Files;
using Exchange.Contracts.Operations;
using Exchange.Storage;

namespace Exchange.Bus.Imports;

/// <summary>Imports by hand: looks at the whole file first, so that a wrong one changes nothing, then takes it in and delivers while it is being read.</summary>
internal sealed class ImportService(ICatalogue catalogue, IFileSources files, IRefusedRowFiles refusedFiles, IRowJudgeFactory judges, ILeases leases, FileIntake intake, ResourceExchange exchange, TimeProvider time) : IImports
{
    /// <summary>How long a caller waits for another import into the same resource.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    public async Task<ImportResult> ImportAsync(ImportRequest request, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        Find(request.Resource, await catalogue.ReadAsync(cancel));
        await using var lease = await HeldLease.AcquireAsync(leases, $"source:{request.Resource}", SourceIntake.LeaseDuration, Patience,
            holder => progress?.Report(new SyncProgress { Resource = request.Resource, Phase = $"waiting: {holder} is importing" }), time, cancel);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        // Only now: who waited for another import must not bring back what the manifests said before.
        var snapshot = await catalogue.ReadAsync(either.Token);
        var resource = Find(request.Resource, snapshot);
        await using var source = await files.OpenAsync(request.File with { LargestCell = resource.MaxCellBytes }, new HeaderSearch(resource, Path.GetFileName(request.File.Path)), either.Token);
        var plan = await CheckAsync(resource, snapshot, source, request.Full, progress, either.Token);
        await using var refused = request.Errors is { } errors ? refusedFiles.Create(errors, plan.Columns.Names, source.Delimiter ?? ',') : null;
        plan = plan with { Refused = refused };
        var subscriptions = snapshot.Subscriptions.Values.Where(subscription => subscription.Resource == resource.Name).OrderBy(subscription => subscription.Name, StringComparer.Ordinal).ToList();
        var (taken, results) = await exchange.RunAsync(resource.Name, subscriptions, request.Full, appended => intake.RunAsync(resource, plan, request.Full, lease, progress, appended, either.Token), progress, cancel);
        if (refused is not null) await refused.CompleteAsync(cancel);
        return Result(resource, plan, request, taken, results);
    }

    static Resource Find(string name, CatalogueSnapshot snapshot)
    {
        var resource = snapshot.Resources.GetValueOrDefault(name)
            ?? throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{name}'.", "`exchange get resources` lists them.");
        // A full of the table would remove what the file brought.
        return resource.Source is null ? resource : throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller,
            $"Resource '{name}' is read from {resource.Source.Connection}: what a file brought its next full would remove.", "Import into a resource without a source, or take the source out of its manifest.");
    }

    async Task<ImportPlan> CheckAsync(Resource resource, CatalogueSnapshot snapshot, IFileSource source, bool full, IProgress<SyncProgress>? progress, CancellationToken cancel)
    {
        var columns = FileColumns.Of(resource, source);
        var judge = judges.Create(resource, snapshot);
        var keys = new SharedKeys(resource, judge);
        await foreach (var page in source.ReadAsync(resource.BatchRows, resource.BatchBytes, cancel))
        {
            if (page.Rows.Rows.Columns.Count != columns.Names.Count)
                throw new FileFormException($"{source.Name} has {page.Rows.Rows.Columns.Count} columns and the resource {resource.Name} has {columns.Names.Count} items.", "A file without a header holds every item in the order of the manifest. Nothing was changed.");
            keys.Add(columns.Items(page).Rows, source.Name);
            progress?.Report(new SyncProgress { Resource = resource.Name, Phase = "looking at the file", Read = keys.Rows });
        }

        if (full && keys.Rows == 0) throw new FileFormException($"{source.Name} has no rows: --full would remove every row of {resource.Name}.", "See whether it is the right file. Nothing was changed.");
        keys.Close();
        return new ImportPlan(source, columns, judge, keys, source.Digest!);
    }

    static ImportResult Result(Resource resource, ImportPlan plan, ImportRequest request, IntakeOutcome taken, IReadOnlyList<SyncResult> results) => new()
    {
        Resource = resource.Name,
        File = plan.Source.Name,
        Digest = plan.Digest,
        Kind = taken.Record?.Kind ?? (request.Full ? "full" : "incremental"),
        Read = taken.Record?.Read ?? 0,
        Accepted = taken.Record?.Accepted ?? 0,
        Rejected = taken.Record?.Rejected ?? 0,
        Errors = request.Errors,
        Closed = taken.Record?.Closed ?? 0,
        IntakeRun = taken.Record?.Id ?? 0,
        Header = plan.Source.Header,
        Ignored = plan.Columns.Ignored,
        ErrorCode = taken.Fault?.Code,
        Party = taken.Fault?.Party,
        Error = taken.Fault?.Message,
        Next = taken.Fault?.Next,
        Subscriptions = results,
    };
}
