namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Null is refused where it is given, with the parameter's name.</summary>
public sealed class NullArgumentTests
{
    private static readonly PropertyAccessor Accessor = new();

    public static TheoryData<string, Action> Calls => new()
    {
        { "claimTypes", () => _ = new ClaimHeader("X-User-A", (IReadOnlyList<string>)null!) },
        { "getValue", () => _ = new ClaimHeader("X-User-A", (Func<ClaimsPrincipal, string?>)null!) },
        { "getValues", () => _ = new ClaimHeader("X-User-A", (Func<ClaimsPrincipal, IEnumerable<string>?>)null!) },
        { "item", () => new ClaimHeaderCollection().Add((ClaimHeader)null!) },
        { "item", () => new ClaimInjectionOptions().Headers[0] = null! },
        { "headerName", () => _ = new SharedSecret(null!, "a-secret-of-enough-characters-1234") },
        { "value", () => _ = new SharedSecret("X-Gateway-Secret", null!) },
        { "action", () => _ = AmbientIdentity.RunAsync(null, (Func<Task>)null!) },
        { "action", () => _ = AmbientIdentity.RunAsync(null, (Func<Task<int>>)null!) },
        { "request", () => HttpRequestMessageIdentityExtensions.SetUser(null!, null) },
        { "request", () => HttpRequestMessageIdentityExtensions.TryGetUser(null!, out _) },
        { "accessor", () => _ = new IdentityHandler(null!) },
        { "accessor", () => _ = new ClaimInjectionHandler(null!) },
        { "options", () => _ = new ClaimInjectionHandler(Accessor, (ClaimInjectionOptions)null!) },
    };

    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public void Null_argument_is_refused_by_name(string parameter, Action call) =>
        Assert.Equal(parameter, Assert.ThrowsAny<ArgumentException>(call).ParamName);

    [Fact]
    public void Negative_limit_of_redirections_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SameOriginRedirectHandler { MaxRedirections = -1 });

    public static TheoryData<DelegatingHandler> Handlers =>
        [new SameOriginRedirectHandler(), new IdentityHandler(Accessor), new ClaimInjectionHandler(Accessor)];

    [Theory]
    [MemberData(nameof(Handlers), DisableDiscoveryEnumeration = true)]
    public async Task Null_request_is_refused_before_any_handler_behind(DelegatingHandler handler)
    {
        var backend = new RecordingHandler();
        handler.InnerHandler = backend;
        using var client = new Opened(handler);

        Assert.Equal("request", Assert.Throws<ArgumentNullException>(() => client.SendNothing()).ParamName);
        Assert.Equal("request", (await Assert.ThrowsAsync<ArgumentNullException>(client.SendNothingAsync)).ParamName);
        Assert.Empty(backend.Requests);
    }

    /// <summary>Calls a handler without HttpMessageInvoker, which refuses null itself.</summary>
    private sealed class Opened(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public void SendNothing() => base.Send(null!, CancellationToken.None);

        public Task<HttpResponseMessage> SendNothingAsync() => base.SendAsync(null!, CancellationToken.None);
    }
}
