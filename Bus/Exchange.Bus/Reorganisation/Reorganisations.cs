using Exchange.Bus.Catalogue;
using Exchange.Bus.Delivery;
using Exchange.Bus.Intake;
using Exchange.Bus.Quality;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;

namespace Exchange.Bus.Reorganisation;

/// <inheritdoc cref="IReorganisations"/>
internal sealed class Reorganisations(ICatalogue catalogue, SourceIntake intake, IKnownValues known, ReorganisationBook book, DeliveryStates deliveries) : IReorganisations
{
    public async Task NoticeAsync(ReorganisationNotice notice, CancellationToken cancel)
    {
        var resource = await FindAsync(notice.Resource, cancel);
        var need = new ReorganisationNeed(notice.Reason, notice.Message ?? $"notice by {notice.By}", Begins: !notice.Hold);
        await intake.ReorganiseAsync(resource.Name, position => position with { Full = null, Reorganise = need with { ChangesPassed = position.Reorganise is { ChangesPassed: true } || position.Full is not null } }, async session =>
        {
            await book.NotifiedAsync(session, resource.Name, need, notice.By, cancel);
            return true;
        }, cancel);
    }

    public async Task<bool> WithdrawAsync(string resource, string by, CancellationToken cancel)
    {
        await FindAsync(resource, cancel);
        return await intake.ReorganiseAsync(resource, Withdrawn, async session =>
        {
            await known.AbandonFillingAsync(session, resource, cancel);
            return await book.WithdrawnAsync(session, resource, by, cancel);
        }, cancel);
    }

    static SourcePosition Withdrawn(SourcePosition position) => position with
    {
        Reorganise = null,
        FullWanted = position.Reorganise is { ChangesPassed: true } ? "a hold was taken back, and changes may have been passed over" : position.FullWanted,
    };

    public async Task<IReadOnlyList<ReorganisationView>> ListAsync(string? resource, int most, CancellationToken cancel)
    {
        var snapshot = await catalogue.ReadAsync(cancel);
        var views = new List<ReorganisationView>();
        foreach (var entry in await book.ListAsync(resource, most, cancel)) views.Add(await ViewAsync(entry, snapshot, cancel));
        return views;
    }

    async Task<Resource> FindAsync(string name, CancellationToken cancel)
    {
        var resource = (await catalogue.ReadAsync(cancel)).Resources.GetValueOrDefault(name)
            ?? throw new ExchangeException(ErrorCodes.ResourceUnknown, Party.Caller, $"There is no resource '{name}'.", "`exchange get resources` lists them.");
        return resource.Source is not null ? resource
            : throw new ExchangeException(ErrorCodes.ManifestInvalid, Party.Caller, $"Resource '{name}' has no source that could be read anew.", "A resource that is fed by push or import is brought up to date by an import with --full.");
    }

    async Task<ReorganisationView> ViewAsync(ReorganisationEntry entry, CatalogueSnapshot snapshot, CancellationToken cancel)
    {
        var switches = entry.Mark > 0 ? await SwitchesAsync(entry, snapshot, cancel) : [];
        return new ReorganisationView
        {
            Id = entry.Id,
            Resource = entry.Resource,
            Reason = Reasons.Letter(entry.Reason),
            State = entry.State != "read" ? entry.State : switches.All(target => target.Switched) ? "done" : "switching",
            Detail = entry.Detail,
            Since = entry.Since,
            NotifiedBy = entry.NotifiedBy,
            Notified = entry.NotifiedAt,
            Began = entry.BeganAt,
            Ended = entry.EndedAt,
            Read = entry.Read,
            Accepted = entry.Accepted,
            Rejected = entry.Rejected,
            Mark = entry.Mark,
            Switches = switches,
        };
    }

    async Task<List<SwitchView>> SwitchesAsync(ReorganisationEntry entry, CatalogueSnapshot snapshot, CancellationToken cancel)
    {
        var counted = (await book.SwitchesAsync(entry.Resource, entry.Mark, cancel)).ToDictionary(target => target.Subscription, StringComparer.Ordinal);
        var switches = new List<SwitchView>();
        foreach (var subscription in snapshot.Subscriptions.Values.Where(subscription => subscription.Resource == entry.Resource).OrderBy(subscription => subscription.Name, StringComparer.Ordinal))
        {
            var target = counted.GetValueOrDefault(subscription.Name);
            var switched = (await deliveries.ReadAsync(subscription.Name, cancel))?.Applied >= entry.Mark;
            switches.Add(new SwitchView(subscription.Name, switched, target?.Rows, target?.Expected, target?.Duplicates));
        }

        return switches;
    }
}
