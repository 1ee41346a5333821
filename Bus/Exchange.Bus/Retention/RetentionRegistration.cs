using Exchange.Contracts.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Retention;

/// <summary>Registers what ends the keeping of batches and records.</summary>
internal static class RetentionRegistration
{
    public static IServiceCollection AddRetention(this IServiceCollection services) => services
        .AddSingleton<KeepingBook>()
        .AddSingleton<LogTrim>()
        .AddSingleton<LogBudget>()
        .AddSingleton<TargetContents>()
        .AddSingleton<ILogs, LogRecords>();
}
