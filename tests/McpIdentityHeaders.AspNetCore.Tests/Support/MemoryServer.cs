using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A server without sockets.</summary>
internal sealed class MemoryServer : IServer
{
    private Func<FeatureCollection, Task>? _process;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _process = async features =>
        {
            TContext context = application.CreateContext(features);
            await application.ProcessRequestAsync(context);
            application.DisposeContext(context, exception: null);
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        // Holds nothing.
    }

    /// <summary>Sends a GET with these headers, from an address that only the server's own words tell of, and gives the status.</summary>
    public Task<int> GetAsync(string path, string remoteAddress, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestFeature { Method = HttpMethods.Get, Path = path, Scheme = "http", Protocol = HttpProtocol.Http11 };
        foreach ((string name, string value) in headers)
        {
            request.Headers.Append(name, value);
        }

        return SendAsync(request, new HttpConnectionFeature { RemoteIpAddress = System.Net.IPAddress.Parse(remoteAddress) });
    }

    /// <summary>Sends a request, and gives the response's status.</summary>
    public async Task<int> SendAsync(HttpRequestFeature request, HttpConnectionFeature? connection = null)
    {
        var response = new HttpResponseFeature();
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpConnectionFeature>(connection);
        await _process!(features);
        return response.StatusCode;
    }
}
