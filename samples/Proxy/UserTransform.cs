using McpIdentityHeaders;
using Yarp.ReverseProxy.Transforms;

namespace Proxy;

/// <summary>Sends a request on for the user of the one that came in: YARP knows which it forwards, so nothing has to be ambient.</summary>
internal sealed class UserTransform : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        context.ProxyRequest.SetUser(context.HttpContext.User);
        return ValueTask.CompletedTask;
    }
}
