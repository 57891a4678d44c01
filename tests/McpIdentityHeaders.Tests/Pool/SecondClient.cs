using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>A client beside the tests' one, for what the pool does with several.</summary>
internal static class SecondClient
{
    public const string Name = "second";

    public static IHttpClientBuilder AddSecondClient(this IServiceCollection services, McpBackend backend)
    {
        services.Configure<McpClientOptions>(Name, options => options.ProtocolVersion = "2025-11-25");
        return services.AddMcpClient(Name, backend.Endpoint).AddClaimInjection();
    }

    /// <summary>Rents in a scope that has been left when the lease is there.</summary>
    public static Task<McpClientLease> RentSecondForAsync(this IServiceProvider services, ClaimsPrincipal user) =>
        AmbientIdentity.RunAsync(user, () => services.Pool().RentAsync(Name).AsTask());
}
