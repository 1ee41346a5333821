using System.CommandLine;
using Exchange.Contracts.Errors;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>A department's word that a resource's full update must be re-organised (DB23/T 2835 §7.3.4).</summary>
internal sealed class NoticeCommand : HubCommand
{
    readonly Argument<string> _resource = new("RESOURCE") { Description = "A resource with a source." };
    readonly Option<string> _reason = new("--reason") { Description = "a: the key was changed; b: content off standard; c: codes off standard; d: increments cannot be recognised; e: other.", HelpName = "a|b|c|d|e" };
    readonly Option<string?> _message = new("--message") { Description = "What the department says, for the record.", HelpName = "TEXT" };
    readonly Option<bool> _hold = new("--hold") { Description = "Only hold the increments; a later notice without --hold lets the full begin." };
    readonly Option<bool> _withdraw = new("--withdraw") { Description = "Take a hold or a notice back whose full has not begun." };

    public NoticeCommand(Terminal terminal) : base("notice", "Tell that a resource must be read anew: its full is re-organised and subscribers change over to it at once.", terminal)
    {
        _reason.AcceptOnlyFromAmong("a", "b", "c", "d", "e");
        Add(_resource);
        Add(_reason);
        Add(_message);
        Add(_hold);
        Add(_withdraw);
        Validators.Add(result =>
        {
            if (result.GetValue(_withdraw) == (result.GetValue(_reason) is not null)) result.AddError("Say either --reason with a letter from a to e, or --withdraw.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
    {
        var resource = arguments.GetRequiredValue(_resource);
        await using var hub = await OpenAsync(arguments, cancel);
        var reorganisations = hub.Get<IReorganisations>();
        var by = $"{Environment.UserName}@{Environment.MachineName}";
        if (arguments.GetValue(_withdraw))
        {
            if (!await reorganisations.WithdrawAsync(resource, by, cancel))
                throw new ExchangeException(ErrorCodes.ManifestUnknown, Party.Caller, $"Resource '{resource}' has no hold or notice that could be taken back.", $"`exchange get reorganisations {resource}` lists them; one whose full has begun can't be taken back.");
            await Terminal.Out.WriteLineAsync($"Resource/{resource} goes on");
            return ExitStatus.Done;
        }

        var reason = (ReorganisationReason)(arguments.GetValue(_reason)![0] - 'a');
        var hold = arguments.GetValue(_hold);
        await reorganisations.NoticeAsync(new ReorganisationNotice(resource, reason, arguments.GetValue(_message), hold, by), cancel);
        await Terminal.Out.WriteLineAsync(hold ? $"Resource/{resource} held" : $"Resource/{resource} will be read in full");
        return ExitStatus.Done;
    }
}
