using System.CommandLine;
using System.Text.Json;
using Exchange.Contracts.FrontEnd;
using Exchange.Contracts.Operations;
using Exchange.Host.Output;

namespace Exchange.Host.Commands;

/// <summary>The triggers and the change log of a `changelog` source, the publication and the slot of a `wal` source.</summary>
internal sealed class CaptureCommand : Command
{
    public CaptureCommand(Terminal terminal) : base("capture", "Install, remove or look at the triggers and change log of a `changelog` source, or the publication and slot of a `wal` source.")
    {
        Add(new Step(terminal, "install", "Install what is missing.", CaptureAction.Install));
        Add(new Step(terminal, "remove", "Remove everything that the hub put there; changes not yet taken up are lost, so the next run is a full.", CaptureAction.Remove));
        Add(new Step(terminal, "status", "Say what stands there.", CaptureAction.Status));
    }

    sealed class Step : HubCommand
    {
        readonly Argument<string> _resource = new("RESOURCE") { Description = "A resource with capture.mode changelog or wal." };
        readonly Option<string> _output = OutputOption("table", "json");
        readonly CaptureAction _action;

        public Step(Terminal terminal, string name, string description, CaptureAction action) : base(name, description, terminal)
        {
            _action = action;
            Add(_resource);
            Add(_output);
        }

        protected override async Task<int> RunAsync(ParseResult arguments, CancellationToken cancel)
        {
            var resource = arguments.GetRequiredValue(_resource);
            await using var hub = await OpenAsync(arguments, cancel);
            var status = await hub.Get<IExchanges>().CaptureAsync(resource, _action, cancel);
            if (arguments.GetValue(_output) == "json")
                await Terminal.Out.WriteLineAsync(JsonSerializer.Serialize(new
                {
                    resource, state = Word(status), detail = status.Detail, waiting = status.Waiting,
                    slot = status.Wal is { Slot: true } slot ? new { name = slot.Name, active = slot.Active, walStatus = slot.WalStatus, lagBytes = slot.Lag } : null,
                }, JsonForms.Readable));
            else
                Terminal.Table(["RESOURCE", "STATE", "WAITING", "DETAIL"], [[resource, Word(status), status.Waiting?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-", status.Detail]]);
            return _action == CaptureAction.Status && status.State == CaptureState.Damaged ? ExitStatus.Failed : ExitStatus.Done;
        }

        static string Word(CaptureStatus status) => status.State.ToString().ToLowerInvariant();
    }
}
