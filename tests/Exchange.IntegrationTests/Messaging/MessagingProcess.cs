using System.Diagnostics;
using Exchange.Bus.Messaging;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rebus.Handlers;

namespace Exchange.IntegrationTests.Messaging;

/// <summary>
/// A node that handles messages in a process of its own, to be killed. Each probe writes a row and sends an echo, each echo writes a row; by turns a probe ends with its
/// rows in one write, and in two.
/// </summary>
internal sealed class MessagingProcess : IDisposable
{
    public const string Command = "messaging-node";

    readonly Process _process;

    MessagingProcess(Process process) => _process = process;

    /// <summary>As many attempts as there can be kills; leases that end soon after one.</summary>
    static MessagingOptions Options { get; } = new()
    {
        Parallelism = 4,
        MessagesPerWrite = 3,
        ImmediateAttempts = 1000,
        Lease = TimeSpan.FromSeconds(1),
        LookInterval = TimeSpan.FromMilliseconds(200),
    };

    public static MessagingProcess Start(StoreOptions store)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(MessagingProcess).Assembly.Location, Command, store.Store!, store.DataFolder]) { RedirectStandardInput = true };
        return new MessagingProcess(Process.Start(start)!);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    /// <summary>Runs until it is killed, or its standard input ends: with its parent.</summary>
    public static async Task<int> RunAsync(string store, string folder)
    {
        await using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddStorage(new StoreOptions(store, folder))
            .AddMessaging(Options)
            .AddMessage<Probe>("test-probe")
            .AddMessage<Echo>("test-echo")
            .AddHandler<Probe, ProbeHandler>()
            .AddHandler<Echo, EchoHandler>()
            .BuildServiceProvider();
        await services.GetRequiredService<IMessageBus>().StartAsync(CancellationToken.None);
        while (Console.In.Read() >= 0)
        {
        }

        return 0;
    }

    static Task<int> InsertAsync(StoreSession session, string kind, int number) =>
        session.ExecuteAsync("INSERT INTO effect (kind, number) VALUES (@kind, @number)", CancellationToken.None, ("@kind", kind), ("@number", number));

    sealed class ProbeHandler(IInbox inbox, MessageBus bus) : IHandleMessages<Probe>
    {
        public async Task Handle(Probe message)
        {
            if (message.Number % 2 == 0)
            {
                await inbox.FinishAsync("probe", async session =>
                {
                    await InsertAsync(session, "probe", message.Number);
                    await bus.Bus.SendLocal(new Echo(message.Number));
                }, CancellationToken.None);
                return;
            }

            await inbox.OnceAsync("probe", session => InsertAsync(session, "probe", message.Number), CancellationToken.None);
            await bus.Bus.SendLocal(new Echo(message.Number));
        }
    }

    sealed class EchoHandler(IInbox inbox) : IHandleMessages<Echo>
    {
        public Task Handle(Echo message) => inbox.FinishAsync("echo", session => InsertAsync(session, "echo", message.Number), CancellationToken.None);
    }
}
