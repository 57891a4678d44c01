using System.Net;
using BenchmarkDotNet.Attributes;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders.Benchmarks;

/// <summary>
/// What a request through the pool costs besides the call: renting, the check of the session's user, releasing. The baseline is the same
/// request on a session that its caller opened. Both pass the identity handlers, with an immediate response.
/// </summary>
[MemoryDiagnoser]
public class PooledRequestBenchmarks
{
    private static readonly Uri Endpoint = new("http://backend.test/mcp");

    private Gateway _gateway = null!;
    private HttpMessageInvoker _callers = null!;
    private HttpMessageInvoker _pooled = null!;

    [GlobalSetup]
    public async Task OpenAsync()
    {
        ClaimsPrincipal user = Gateway.NewUser(1);
        _gateway = new Gateway(Endpoint, inMemory: true);
        await _gateway.OpenAsync(user);

        SessionUser.TryRead(user, UserSelector.Default, [], out SessionUser owner, out _);
        var bound = new CloseDeadline(() => TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
        _callers = Invoker(new McpSession(user, claims: null));
        _pooled = Invoker(new McpSession(
            user, new SessionOwner(Gateway.ClientName, claims: null, owner.Key, []), bound, CancellationToken.None));
    }

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        _callers.Dispose();
        _pooled.Dispose();
        await _gateway.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public async Task<HttpStatusCode> OnCallersSession() => await SendAsync(_callers);

    [Benchmark]
    public async Task<HttpStatusCode> RentSendAndRelease()
    {
        await using McpClientLease lease = await _gateway.Pool.RentAsync(Gateway.ClientName);
        return await SendAsync(_pooled);
    }

    private static async Task<HttpStatusCode> SendAsync(HttpMessageInvoker invoker)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint);
        request.Headers.TryAddWithoutValidation("Mcp-Session-Id", "session-1");
        using HttpResponseMessage response = await invoker.SendAsync(request, CancellationToken.None);
        return response.StatusCode;
    }

    private HttpMessageInvoker Invoker(McpSession session) => new(new McpSessionHandler(
        session,
        _gateway,
        new IdentityHandler(_gateway) { InnerHandler = new ClaimInjectionHandler(_gateway) { InnerHandler = new ImmediateHandler() } }));

    private sealed class ImmediateHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
    }
}
