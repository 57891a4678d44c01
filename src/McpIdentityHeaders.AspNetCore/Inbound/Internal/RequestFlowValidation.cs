using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Refuses at start-up what would make users unknown, anonymous or one another.</summary>
internal static class RequestFlowValidation
{
    /// <param name="services">The container.</param>
    /// <param name="isFactoryReplaced">
    /// Whether another <see cref="IHttpContextFactory"/> stands in the place of the one that marks flows.
    /// </param>
    /// <param name="accessorLifetime">The lifetime of <see cref="IHttpContextAccessor"/>; null where none is registered.</param>
    /// <exception cref="InvalidOperationException">It cannot work. The message says what to change.</exception>
    internal static void Validate(IServiceProvider services, bool isFactoryReplaced, ServiceLifetime? accessorLifetime)
    {
        if (isFactoryReplaced)
        {
            throw new InvalidOperationException(
                "AddHttpContextIdentity marks each request's flow through the framework's IHttpContextFactory, and another was registered "
                + "in its place, or it was removed. Undo that, or register an IIdentityAccessor of your own in place of "
                + "AddHttpContextIdentity.");
        }

        if (accessorLifetime is null)
        {
            throw new InvalidOperationException(
                "AddHttpContextIdentity reads the request from IHttpContextAccessor, and none is registered any more. Call "
                + "AddHttpContextAccessor.");
        }

        using IServiceScope scope = services.CreateScope();
        var accessor = scope.ServiceProvider.GetRequiredService<IHttpContextAccessor>();
        if (accessor.GetType() == typeof(HttpContextAccessor))
        {
            return;
        }

        if (accessorLifetime != ServiceLifetime.Singleton)
        {
            throw CreateError(
                accessor, $"is registered as {accessorLifetime}. Register it with AddSingleton, and have it read ambient state");
        }

        if (!KeepsFlowsApart(accessor))
        {
            throw CreateError(
                accessor,
                "does not give each request's flow the HttpContext that was set there, and only there. Have it keep the HttpContext in an "
                + "AsyncLocal, or in the framework's HttpContextAccessor");
        }
    }

    /// <summary>Sets an HttpContext in a flow of its own, which has to find it there, and nothing outside.</summary>
    private static bool KeepsFlowsApart(IHttpContextAccessor accessor)
    {
        var probe = new DefaultHttpContext();
        bool isFound = false;
        Task flow = Task.Run(() =>
        {
            accessor.HttpContext = probe;
            isFound = ReferenceEquals(accessor.HttpContext, probe);
        });
        flow.GetAwaiter().GetResult();

        if (ReferenceEquals(accessor.HttpContext, probe))
        {
            accessor.HttpContext = null;
            return false;
        }

        return isFound;
    }

    private static InvalidOperationException CreateError(IHttpContextAccessor accessor, string error) => new(
        $"AddHttpContextIdentity needs an IHttpContextAccessor that knows each request, and {accessor.GetType().Name} {error}.");
}
