using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pipeline;

/// <summary>An accessor may be a plain property: concurrent requests still keep their users apart.</summary>
public sealed class SharedAccessorTests
{
    private const int Requests = 1000;

    [Theory]
    [InlineData(Wiring.NamedClient)]
    [InlineData(Wiring.ByHand)]
    public async Task Accessor_shared_by_concurrent_requests_is_never_written_to(Wiring wiring)
    {
        var accessor = new PropertyAccessor(Users.Named("shared"));
        var allArrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int arrived = 0;
        await using WireServer server = await WireServer.StartAsync(async context =>
        {
            if (Interlocked.Increment(ref arrived) == Requests)
            {
                allArrived.SetResult();
            }

            await allArrived.Task;
            await context.Response.WriteAsync(context.Request.Headers["X-User-Sub"].ToString());
        });
        await using ServiceProvider services = Services(accessor, server.Uri);
        using HttpMessageInvoker client = wiring == Wiring.ByHand
            ? HttpTesting.Chain(new SocketsHttpHandler(), accessor)
            : services.CreateHttpClient();

        string[] subjects = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => WhoAmIAsync(client, server.Uri, i)));

        Assert.Equal(Enumerable.Range(0, Requests).Select(Subject), subjects);
        Assert.Equal(0, accessor.Writes);
        Assert.Equal("shared", accessor.User!.FindFirst("sub")!.Value);
    }

    [Fact]
    public void Accessor_shared_by_synchronous_requests_is_never_written_to()
    {
        var accessor = new PropertyAccessor(Users.Named("shared"));
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, accessor);

        Parallel.For(0, Requests, i =>
        {
            using HttpResponseMessage response = client.Send(Request(new Uri(HttpTesting.Endpoint), i), CancellationToken.None);
        });

        Assert.Equal(
            Enumerable.Range(0, Requests).Select(Subject).Order(StringComparer.Ordinal),
            backend.Requests.SelectMany(request => request.Values("X-User-Sub")).Order(StringComparer.Ordinal));
        Assert.Equal(0, accessor.Writes);
    }

    private static async Task<string> WhoAmIAsync(HttpMessageInvoker client, Uri uri, int i)
    {
        using HttpResponseMessage response = await client.SendAsync(Request(uri, i), CancellationToken.None);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Every other request has a user set, the rest have the accessor's.</summary>
    private static HttpRequestMessage Request(Uri uri, int i)
    {
        HttpRequestMessage request = HttpTesting.Get(uri.ToString());
        if (i % 2 == 0)
        {
            request.SetUser(Users.Named(Subject(i)));
        }

        return request;
    }

    private static string Subject(int i) => i % 2 == 0 ? i.ToString(CultureInfo.InvariantCulture) : "shared";

    private static ServiceProvider Services(PropertyAccessor accessor, Uri origin)
    {
        var services = new ServiceCollection();
        services.AddHttpClient(WiredClient.Name).AddClaimInjection(options => options.TrustedOrigins.Add(origin));
        services.AddSingleton<IIdentityAccessor>(accessor);
        return services.BuildServiceProvider(validateScopes: true);
    }
}
