using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Quickstart;

/// <summary>Notes a request's headers before anything else sees it, so that the table can show what was on the wire.</summary>
internal sealed class ArrivalFilter : IStartupFilter
{
    /// <summary>
    /// Adds it in front of all others, and so of the library's own, which hides assertions from logs. An application keeps that.
    /// </summary>
    public static void AddTo(IServiceCollection services) =>
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, ArrivalFilter>());

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, following) =>
        {
            context.Features.Set(ArrivedHeaders.Of(context.Request));
            return following(context);
        });
        next(app);
    };
}
