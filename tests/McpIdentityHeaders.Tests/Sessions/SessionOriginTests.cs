using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>What an MCP session sends goes to its endpoint's origin, whatever the backend answers and whatever else is trusted.</summary>
public sealed class SessionOriginTests
{
    public static TheoryData<int, bool, bool, bool> Redirects => new()
    {
        // status, user, claim injection, other origin trusted
        { 307, true, true, false },
        { 307, true, true, true },
        { 308, false, true, false },
        { 307, false, true, true },
        { 302, false, true, true },
        { 307, true, false, false },
        { 308, false, false, false },
    };

    [Theory]
    [MemberData(nameof(Redirects))]
    public async Task Redirect_out_of_the_endpoints_origin_is_not_followed(int status, bool signedIn, bool injects, bool trusted)
    {
        await using WireServer other = await WireServer.StartAsync();
        await using WireServer backend = await WireServer.StartAsync(RedirectTesting.Always(status, other.Uri.ToString()));
        await using ServiceProvider services = Services(backend.Uri, HttpTransportMode.StreamableHttp, injects, trusted ? other.Uri : null);

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(services, signedIn ? Users.Alice : null));

        Assert.NotEmpty(backend.Heads);
        Assert.All(backend.Heads, head => Assert.Equal(["key"], head.Values("X-Api-Key")));
        Assert.Empty(other.Heads);
    }

    [Theory]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    [InlineData(false, true, true)]
    [InlineData(true, false, false)]
    public async Task Sse_endpoint_event_of_another_origin_is_refused(bool signedIn, bool injects, bool trusted)
    {
        await using WireServer other = await WireServer.StartAsync();
        await using WireServer backend = await StartSseAsync($"{other.Uri}/messages");
        await using ServiceProvider services = Services(backend.Uri, HttpTransportMode.Sse, injects, trusted ? other.Uri : null);

        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(services, signedIn ? Users.Alice : null));

        var refused = Assert.IsType<ClaimInjectionException>(error.GetBaseException());
        Assert.Equal(ClaimInjectionErrorReason.InvalidSession, refused.Reason);
        Assert.Contains($"http://localhost:{other.Uri.Port}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(other.Heads);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("user@localhost")]
    public async Task Sse_endpoint_event_is_judged_by_its_origin_alone(string authority)
    {
        await using WireServer backend = await StartSseAsync(null, authority);
        await using ServiceProvider services = Services(backend.Uri, HttpTransportMode.Sse, injects: true, trusted: null);

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(services, Users.Alice));

        // Another name of the same server is another origin; user information in the address is none.
        Assert.Equal(
            authority == "127.0.0.1" ? 0 : 1, backend.Heads.Count(head => head.RequestLine.StartsWith("POST", StringComparison.Ordinal)));
    }

    private static Task<McpClient> ConnectAsync(ServiceProvider services, ClaimsPrincipal? user) =>
        AmbientIdentity.RunAsync(user, () => services.ConnectAsync());

    private static ServiceProvider Services(Uri endpoint, HttpTransportMode mode, bool injects, Uri? trusted)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder builder = services.AddMcpClient(McpTesting.ClientName, options =>
        {
            options.Endpoint = endpoint;
            options.TransportMode = mode;
            options.AdditionalHeaders = new Dictionary<string, string> { ["X-Api-Key"] = "key" };
        });
        if (injects)
        {
            builder.AddClaimInjection(options =>
            {
                if (trusted is not null)
                {
                    options.TrustedOrigins.Add(trusted);
                }
            });
        }

        return services.BuildServiceProvider();
    }

    /// <summary>A legacy SSE server that names an address for messages, refuses what is posted there, and keeps its stream open.</summary>
    private static async Task<WireServer> StartSseAsync(string? messages, string? authority = null) =>
        await WireServer.StartAsync(async context =>
        {
            if (context.Request.Method == HttpMethods.Post)
            {
                context.Response.StatusCode = (int)HttpStatusCode.Forbidden;
                return;
            }

            context.Response.ContentType = "text/event-stream";
            string address = messages ?? $"http://{authority}:{context.Connection.LocalPort}/messages";
            await context.Response.WriteAsync($"event: endpoint\ndata: {address}\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
}
