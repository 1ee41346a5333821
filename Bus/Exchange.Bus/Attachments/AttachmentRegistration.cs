using Exchange.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Bus.Attachments;

/// <summary>Registers contents of attachments: where they are kept, how they are read and sent.</summary>
internal static class AttachmentRegistration
{
    public static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("bus-attachment", 1, "contents of attachments", """
            CREATE TABLE bus_attachment (
                reference text PRIMARY KEY,
                place text NOT NULL,
                bytes bigint NOT NULL,
                touched_at bigint NOT NULL);
            CREATE UNIQUE INDEX bus_attachment_by_place ON bus_attachment (place);
            CREATE INDEX bus_attachment_touched ON bus_attachment (touched_at);
            CREATE TABLE bus_attachment_use (
                resource text NOT NULL,
                number bigint NOT NULL,
                reference text NOT NULL,
                PRIMARY KEY (resource, number, reference));
            CREATE INDEX bus_attachment_use_reference ON bus_attachment_use (reference);
            {engine:postgresql}
            CREATE TABLE bus_attachment_place (
                place text PRIMARY KEY,
                begun_at bigint NOT NULL);
            CREATE TABLE bus_attachment_part (
                place text NOT NULL,
                part integer NOT NULL,
                content bytea NOT NULL,
                PRIMARY KEY (place, part));
            ALTER TABLE bus_attachment_part ALTER COLUMN content SET STORAGE EXTERNAL;
            {end}
            """),
    ];

    /// <summary>Needs <see cref="IStore"/> and the log.</summary>
    public static IServiceCollection AddAttachments(this IServiceCollection services) => services
        .AddSingleton<IContentPlace>(provider =>
        {
            var store = provider.GetRequiredService<IStore>();
            var time = provider.GetRequiredService<TimeProvider>();
            return store.Engine == StoreEngine.Sqlite ? new ContentFiles(store, time) : new ContentTable(store, time);
        })
        .AddSingleton<ContentStore>()
        .AddSingleton<AttachmentIntake>()
        .AddSingleton<AttachmentDelivery>();
}
