using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Marks each request's flow, in front of the application's own middleware.</summary>
internal sealed class HttpRequestFlowStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, rest) =>
        {
            using HttpRequestFlow flow = HttpRequestFlow.Enter(context);
            await rest(context).ConfigureAwait(false);
        });

        next(app);
    };
}
