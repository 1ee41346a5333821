using Exchange.Bus.Exchanges;
using Exchange.Contracts.Operations;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Scheduling;

/// <summary>Registers schedules: the book of fires, the readings that they ask for, and the duty that keeps them.</summary>
internal static class SchedulingRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-scheduling", 1, "schedules and the readings that they ask for", """
            CREATE TABLE bus_hub (
                name text NOT NULL PRIMARY KEY,
                value text NOT NULL);
            CREATE TABLE bus_schedule (
                subscription text NOT NULL,
                kind text NOT NULL,
                resource text NOT NULL,
                cron text NOT NULL,
                expression text NOT NULL,
                zone text NOT NULL,
                misfire text NOT NULL,
                next_at bigint NOT NULL,
                last_at bigint,
                noticed_at bigint,
                fires bigint NOT NULL,
                outcome text NOT NULL,
                run bigint NOT NULL,
                node text,
                PRIMARY KEY (subscription, kind));
            CREATE INDEX bus_schedule_resource ON bus_schedule (resource);
            CREATE TABLE bus_reading (
                resource text NOT NULL PRIMARY KEY,
                wanted text NOT NULL,
                running text NOT NULL,
                full_asked integer NOT NULL,
                failures integer NOT NULL,
                not_before bigint NOT NULL);
            """),
        new("bus-scheduling", 2, "since when a reading fails, and what it waits for", """
            ALTER TABLE bus_reading ADD COLUMN failing_since bigint NOT NULL DEFAULT 0;
            ALTER TABLE bus_reading ADD COLUMN waits_for text NOT NULL DEFAULT '';
            """),
    ];

    public static IServiceCollection AddScheduling(this IServiceCollection services) => services
        .AddSingleton<HubZone>()
        .AddSingleton<ScheduleBook>()
        .AddSingleton<ReadingBook>()
        .AddSingleton<ScheduleKeeper>()
        .AddSingleton<ScheduledReading>()
        .AddSingleton<ISchedules, ScheduleRecords>()
        .AddDuty<ScheduleDuty>();
}
