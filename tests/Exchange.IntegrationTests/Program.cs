using Exchange.IntegrationTests.Messaging;
using Microsoft.Testing.Platform.Builder;

namespace Exchange.IntegrationTests;

internal static class Program
{
    static async Task<int> Main(string[] args)
    {
        if (args is [MessagingProcess.Command, var store, var folder]) return await MessagingProcess.RunAsync(store, folder);

        var builder = await TestApplication.CreateBuilderAsync(args);
        SelfRegisteredExtensions.AddSelfRegisteredExtensions(builder, args);
        using var tests = await builder.BuildAsync();
        return await tests.RunAsync();
    }
}
