using Exchange.Contracts.Security;
using Exchange.Security.Secrets;
using Microsoft.Extensions.DependencyInjection;

namespace Exchange.Security;

/// <summary>What guards the hub.</summary>
public static class SecurityModule
{
    /// <summary>Registers the module.</summary>
    public static IServiceCollection AddSecurity(this IServiceCollection services, SecurityOptions options)
    {
        services.AddSingleton<ISecretProtector>(_ => new AesSecretProtector(new SecretKey(options)));
        return services;
    }
}

/// <summary>Where the key of the secrets is.</summary>
public sealed record SecurityOptions
{
    /// <summary>Folder of this hub's files; the key file is made there on first use when <see cref="Key"/> is not given.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The key itself: 32 bytes as Base64 (EXCHANGE_KEY). Nodes that share a store need the same one.</summary>
    public string? Key { get; init; }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"security of data folder {DataFolder}";
}
