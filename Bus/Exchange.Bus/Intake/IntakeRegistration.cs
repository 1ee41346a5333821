using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Intake;

internal static class IntakeRegistration
{
    public static IServiceCollection AddIntake(this IServiceCollection services) => services
        .AddSingleton<ExchangeSteps>()
        .AddSingleton<SourceStates>()
        .AddSingleton<PageJudge>()
        .AddSingleton<BatchAppender>()
        .AddSingleton<KeyReader>()
        .AddSingleton<ChangeLogReader>()
        .AddSingleton<WalReader>()
        .AddSingleton<ChangeReading>()
        .AddSingleton<HubId>()
        .AddSingleton<WalWatch>()
        .AddSingleton<TrackedReader>()
        .AddSingleton<ReferencedItems>()
        .AddSingleton<FullReader>()
        .AddSingleton<JudgeAgain>()
        .AddSingleton<PushBack>()
        .AddSingleton<SourcePreparation>()
        .AddSingleton<RunBook>()
        .AddSingleton<SourceReading>()
        .AddSingleton<SourceIntake>();
}
