using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Middleware that a library puts in front of an application's own.</summary>
internal sealed class FirstMiddleware(Func<HttpContext, Func<Task>, Task> middleware) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((HttpContext context, Func<Task> following) => middleware(context, following));
        next(app);
    };
}
