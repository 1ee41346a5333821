using Exchange.Host.Commands;
using Exchange.Host.Output;

return await ExchangeCommandLine.RunAsync(args, Terminal.OfProcess());
