using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// What the framework's <see cref="DefaultHttpContextFactory"/> is made with: the application's services, and an accessor that marks the
/// request's flow as the factory sets and clears it. What the application registers, and how often, stays as it is.
/// </summary>
/// <remarks>The factory sets it before the first middleware, and clears it after the last callback and the scope's disposal.</remarks>
internal sealed class RequestFlowServices(IServiceProvider services) : IServiceProvider
{
    public object? GetService(Type serviceType)
    {
        object? service = services.GetService(serviceType);
        return service is IHttpContextAccessor registered ? new MarkingAccessor(registered) : service;
    }

    private sealed class MarkingAccessor(IHttpContextAccessor registered) : IHttpContextAccessor
    {
        // Static state: libraries that make an accessor of their own read what this one sets.
        private readonly HttpContextAccessor _framework = new();

        public HttpContext? HttpContext
        {
            get => registered.HttpContext;
            set
            {
                // End first: a flow that still finds the HttpContext must find it ended.
                RequestFlow.End();
                if (value is not null)
                {
                    RequestFlow.Begin(value);
                }

                _framework.HttpContext = value;
                registered.HttpContext = value;
            }
        }
    }
}
