using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.HeaderPropagation;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Benchmarks.Injection;

/// <summary>The alternatives to this library, for the same three headers.</summary>
internal static class Baselines
{
    private static readonly IIdentityAccessor Accessor = new AmbientIdentityAccessor();

    public static HttpMessageInvoker NaiveInPlace() => new(new NaiveInPlace(Accessor) { InnerHandler = new ImmediateHandler() });

    public static HttpMessageInvoker NaiveClone() => new(new NaiveClone(Accessor) { InnerHandler = new ImmediateHandler() });

    /// <summary>Propagates three headers of the flow of execution, set here as its middleware would.</summary>
    public static HttpMessageInvoker HeaderPropagation()
    {
        var options = new HeaderPropagationMessageHandlerOptions();
        var values = new HeaderPropagationValues { Headers = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase) };
        foreach ((string name, string value) in McpPost.ThreeHeaders)
        {
            options.Headers.Add(name);
            values.Headers[name] = value;
        }

        return new HttpMessageInvoker(new HeaderPropagationMessageHandler(options, values) { InnerHandler = new ImmediateHandler() });
    }
}
