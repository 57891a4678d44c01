using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The pool, rented from for the users of the tests.</summary>
internal static class PoolTesting
{
    public static IMcpClientPool Pool(this IServiceProvider services) => services.GetRequiredService<IMcpClientPool>();

    /// <summary>Rents in the current flow.</summary>
    public static ValueTask<McpClientLease> RentAsync(this IServiceProvider services, CancellationToken cancellationToken = default) =>
        services.Pool().RentAsync(McpTesting.ClientName, cancellationToken);

    /// <summary>Rents in a scope that has ended when the lease is there. Null: anonymous.</summary>
    public static Task<McpClientLease> RentForAsync(
        this IServiceProvider services, ClaimsPrincipal? user, CancellationToken cancellationToken = default) =>
        AmbientIdentity.RunAsync(user, () => services.RentAsync(cancellationToken).AsTask());

    /// <summary>A gateway's whole request: rents for a user, calls a tool, releases the lease. Returns the tool's text.</summary>
    public static Task<string> CallForAsync(this IServiceProvider services, ClaimsPrincipal? user, string tool = "whoami") =>
        AmbientIdentity.RunAsync(user, async () =>
        {
            await using McpClientLease lease = await services.RentAsync();
            return await lease.Client.CallTextAsync(tool);
        });

    /// <summary>The pooled client behind a lease's own, which shows whether leases share one.</summary>
    public static McpClient Pooled(this McpClientLease lease) => Assert.IsType<LeaseClient>(lease.Client).Inner;

    /// <summary>Changes the pool's options of the tests' client.</summary>
    public static IServiceCollection ConfigurePool(this IServiceCollection services, Action<McpClientPoolOptions> configure) =>
        services.Configure(McpTesting.ClientName, configure);

    /// <summary>
    /// Middleware of a backend that signs in whom X-User-Sub names. The SDK's server then binds each session to its user.
    /// </summary>
    public static Task SignInByHeaderAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers["X-User-Sub"].ToString() is { Length: > 0 } subject)
        {
            context.User = Users.Named(subject);
        }

        return next(context);
    }
}
