using Exchange.Bus.Attachments;
using Exchange.Bus.Catalogue;
using Exchange.Bus.Catalogue.Registry;
using Exchange.Bus.Delivery;
using Exchange.Bus.Exchanges;
using Exchange.Bus.Intake;
using Exchange.Bus.Log;
using Exchange.Bus.Messaging;
using Exchange.Bus.Quality;
using Exchange.Bus.Quality.KnownValues;
using Exchange.Bus.Quarantine;
using Exchange.Bus.Reconciliation;
using Exchange.Bus.Reorganisation;
using Exchange.Bus.Retention;
using Exchange.Bus.Runs;
using Exchange.Bus.Scheduling;
using Exchange.Bus.Timeliness;
using Exchange.Bus.Transformation;
using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus;

/// <summary>The bus: catalogue, intake, quality, log, transformation, delivery, quarantine, messaging.</summary>
public static class BusModule
{
    /// <summary>The module's tables, in the order in which they are made.</summary>
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        .. CatalogueMigrations.All,
        .. LogRegistration.Migrations,
        .. QuarantineRegistration.Migrations,
        .. KnownValuesRegistration.Migrations,
        .. RunsRegistration.Migrations,
        .. MessagingMigrations.All,
        .. SourceStates.Migrations,
        .. DeliveryStates.Migrations,
        .. ReorganisationBook.Migrations,
        .. SchedulingRegistration.Migrations,
        .. ExchangeHistory.Migrations,
    ];

    /// <summary>Registers the module. Needs <see cref="IStore"/>, <see cref="ILeases"/>, the front-end databases and the secrets from their modules.</summary>
    public static IServiceCollection AddBus(this IServiceCollection services) => services
        .AddCatalogue()
        .AddLog()
        .AddAttachments()
        .AddQuality()
        .AddKnownValues()
        .AddQuarantine()
        .AddTransformation()
        .AddRuns()
        .AddMessaging()
        .AddIntake()
        .AddDelivery()
        .AddRetention()
        .AddReorganisation()
        .AddReconciliation()
        .AddExchanges()
        .AddScheduling()
        .AddTimeliness();
}
