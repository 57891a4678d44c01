using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AotTest;

internal sealed class Checks(Backend backend, KeyPublisher publisher)
{
    private static ClaimsPrincipal Jose { get; } = SignedIn(
        new Claim("sub", "jose"),
        new Claim("name", "José Núñez"),
        new Claim("groups", "ops,night"),
        new Claim("groups", "dev"),
        new Claim("realm_access", """{"roles":["reader","writer"]}""", "JSON"));

    public async Task ClaimsArriveEncodedAsync()
    {
        await using ServiceProvider services = Client();

        ReceivedRequest received = await SendAsync(services, Jose, new HttpRequestMessage(HttpMethod.Get, backend.Root));

        CheckFailedException.ThrowIfNotEqual(
            [
                "X-User-Groups: ops%2Cnight,dev",
                "X-User-Name: =?base64?Sm9zw6kgTsO6w7Fleg==?=",
                """X-User-Roles: ["reader","writer"]""",
                "X-User-Sub: jose",
            ],
            received.Headers);
    }

    public async Task HeadersBecomeClaimsAsync()
    {
        await using ServiceProvider services = Client();

        ReceivedRequest received = await SendAsync(services, Jose, new HttpRequestMessage(HttpMethod.Get, backend.Root));

        CheckFailedException.ThrowIfNotEqual(
            ["groups=dev", "groups=ops,night", "name=José Núñez", "roles=reader", "roles=writer", "sub=jose"], received.Claims);
    }

    public async Task AnonymousRequestIsStrippedAsync()
    {
        await using ServiceProvider services = Client();
        var request = new HttpRequestMessage(HttpMethod.Get, backend.Root);
        request.Headers.Add("X_User_Sub", "mallory");

        ReceivedRequest received = await SendAsync(services, user: null, request);

        CheckFailedException.ThrowIfNotEqual([], received.Headers.Concat(received.Claims));
    }

    public async Task LineBreakInClaimIsEncodedAsync()
    {
        await using ServiceProvider services = Client();
        ClaimsPrincipal user = SignedIn(new Claim("sub", "a\r\nX-Evil: 1"));

        ReceivedRequest received = await SendAsync(services, user, new HttpRequestMessage(HttpMethod.Get, backend.Root));

        CheckFailedException.ThrowIfNotEqual(["X-User-Sub: =?base64?YQ0KWC1FdmlsOiAx?="], received.Headers);
    }

    public async Task LineBreakInHeaderIsRefusedAsync()
    {
        await using ServiceProvider services = Client();
        var request = new HttpRequestMessage(HttpMethod.Get, backend.Root);
        request.Headers.TryAddWithoutValidation("X-Trace", "a\r\nX-User-Sub: mallory");

        await CheckFailedException.ThrowIfNotThrownAsync<ClaimInjectionException>(
            () => SendAsync(services, Jose, request), "'X-Trace' has a value with CR, LF or NUL");

        CheckFailedException.ThrowIfNotEqual([], backend.TakeReceived().SelectMany(received => received.Headers));
    }

    public async Task RedirectIsNotFollowedAsync()
    {
        await using ServiceProvider services = Client();
        using HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using IdentityScope scope = AmbientIdentity.Use(Jose);

        using HttpResponseMessage response = await client.GetAsync(new Uri(backend.Root, "/away"));

        CheckFailedException.ThrowIfNotEqual(["302"], [$"{(int)response.StatusCode}"]);
        CheckFailedException.ThrowIfNotEqual(["1"], [$"{backend.TakeReceived().Count}"]);
    }

    public async Task AssertionBecomesClaimsAsync()
    {
        await using ServiceProvider services = Client(AssertionFor(Backend.Audience));

        ReceivedRequest received = await SendAsync(
            services, Jose, new HttpRequestMessage(HttpMethod.Post, backend.Root) { Content = new StringContent("{}") });

        CheckFailedException.ThrowIfNotEqual([], received.Headers);
        CheckFailedException.ThrowIfNotEqual(
            ["groups=dev", "groups=ops,night", $"iss={KeyPublisher.Issuer}", "name=José Núñez", "roles=reader", "roles=writer", "sub=jose"],
            received.Claims.Where(claim => claim.Split('=')[0] is "groups" or "iss" or "name" or "roles" or "sub"));
    }

    public async Task AssertionForAnotherBackendIsRefusedAsync()
    {
        await using ServiceProvider services = Client(AssertionFor("another"));

        await CheckFailedException.ThrowIfNotThrownAsync<HttpRequestException>(
            () => SendAsync(services, Jose, new HttpRequestMessage(HttpMethod.Get, backend.Root)), "401");

        CheckFailedException.ThrowIfNotEqual([], backend.TakeReceived().SelectMany(received => received.Claims));
    }

    public static Task MisspeltSettingIsRefusedAsync() => RefusedAtStartAsync(("MissingIdentity", "Rejekt"), "Claims:MissingIdentity");

    public static Task SettingOutOfRangeIsRefusedAsync() => RefusedAtStartAsync(("MaxTotalLength", "0"), "MaxTotalLength");

    public async Task PooledClientsCallAsTheirUsersAsync()
    {
        await using ServiceProvider services = Client();
        IMcpClientPool pool = services.GetRequiredService<IMcpClientPool>();

        string[] names =
        [
            await CallWhoAmIAsync(pool, Jose),
            await CallWhoAmIAsync(pool, SignedIn(new Claim("sub", "bob"), new Claim("name", "Bob"))),
        ];

        CheckFailedException.ThrowIfNotEqual(["José Núñez", "Bob"], names);
    }

    private static async Task<string> CallWhoAmIAsync(IMcpClientPool pool, ClaimsPrincipal user)
    {
        using IdentityScope scope = AmbientIdentity.Use(user);
        await using McpClientLease lease = await pool.RentAsync("backend");
        CallToolResult result = await lease.Client.CallToolAsync("whoami");
        return string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));
    }

    private static async Task RefusedAtStartAsync((string Key, string Value) setting, string message)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddMcpClient("backend", new Uri("https://backend.test/mcp")).AddClaimInjection(Settings.Section([setting]));
        using IHost host = builder.Build();

        await CheckFailedException.ThrowIfNotThrownAsync<Exception>(() => host.StartAsync(), message);
    }

    private static ClaimsPrincipal SignedIn(params IEnumerable<Claim> claims) =>
        new(new ClaimsIdentity(claims, authenticationType: "test"));

    private IConfigurationSection AssertionFor(string audience) => Settings.Section(
        ("Issuer", KeyPublisher.Issuer), ("Audience", audience), ("BindRequest", "true"), ("ReplaceHeaders", "true"),
        ("Keys:0:PemFile", publisher.KeyFile));

    private ServiceProvider Client(IConfigurationSection? assertion = null)
    {
        var services = new ServiceCollection();
        IHttpClientBuilder client = services.AddMcpClient("backend", new Uri(backend.Root, "/mcp"))
            .AddClaimInjection(Settings.Section(Settings.Headers));
        if (assertion is not null)
        {
            client.AddIdentityAssertion(assertion);
        }

        return services.BuildServiceProvider(validateScopes: true);
    }

    private async Task<ReceivedRequest> SendAsync(ServiceProvider services, ClaimsPrincipal? user, HttpRequestMessage request)
    {
        using HttpRequestMessage sent = request;
        using HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using IdentityScope scope = AmbientIdentity.Use(user);
        using HttpResponseMessage response = await client.SendAsync(sent);
        response.EnsureSuccessStatusCode();
        return backend.TakeReceived().Single();
    }
}
