using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.HeaderPropagation;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>What one would use without this library, for the same three headers.</summary>
internal static class Baselines
{
    private static readonly IIdentityAccessor Accessor = new AmbientIdentityAccessor();

    public static HttpMessageInvoker NaiveInPlace(HttpMessageHandler primary) => new(new NaiveInPlace(Accessor) { InnerHandler = primary });

    public static HttpMessageInvoker NaiveClone(HttpMessageHandler primary) => new(new NaiveClone(Accessor) { InnerHandler = primary });

    /// <summary>Propagates three headers of the flow of execution, which this sets as its middleware would.</summary>
    public static HttpMessageInvoker HeaderPropagation(HttpMessageHandler primary)
    {
        var options = new HeaderPropagationMessageHandlerOptions();
        var values = new HeaderPropagationValues { Headers = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase) };
        foreach ((string name, string value) in McpPost.ThreeHeaders)
        {
            options.Headers.Add(name);
            values.Headers[name] = value;
        }

        return new HttpMessageInvoker(new HeaderPropagationMessageHandler(options, values) { InnerHandler = primary });
    }
}
