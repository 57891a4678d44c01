namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>An assertion is sent again for half of its lifetime, and never for another user, backend, claim or key.</summary>
public sealed class AssertionCacheTests
{
    [Fact]
    public async Task Assertion_is_sent_again_until_half_its_lifetime_has_passed()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice);
        await client.SendAsync();
        string first = client.Token;

        client.Accessor.User = Users.Alice;
        client.Time.Advance(TimeSpan.FromSeconds(29));
        await client.SendAsync();
        Assert.Equal(first, client.Token);

        client.Time.Advance(TimeSpan.FromSeconds(1));
        await client.SendAsync();
        Assert.NotEqual(first, client.Token);
        Assert.Equal(client.Time.GetUtcNow().UtcDateTime, (await client.ReadAsync(client.Token)).IssuedAt);
    }

    public static TheoryData<ClaimsPrincipal> Others =>
    [
        Users.Bob,
        Users.With(("sub", "alice"), ("name", "Alice Adams"), ("groups", "a"), ("groups", "b"), ("email", "a@example.com")),
        Users.With(("sub", "alice"), ("name", "Alice Adams"), ("groups", "a"), ("groups", "c")),
        Users.With(("sub", "alice"), ("name", "Alice Adams"), ("groups", "a")),
        Users.With(("sub", "alice"), ("name", "Alice Adams")),
        Users.With(("sub", "alice"), ("groups", "a"), ("groups", "b")),
    ];

    [Theory]
    [MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public async Task Principal_with_other_claims_gets_an_assertion_of_its_own(ClaimsPrincipal other)
    {
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice"), ("name", "Alice Adams"), ("groups", "a"), ("groups", "b")),
            injection: options => options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.JsonArray }));
        await client.SendAsync();
        string first = client.Token;

        client.Accessor.User = other;
        await client.SendAsync();

        Assert.NotEqual(first, client.Token);
        Assert.Equal(other.FindFirst("sub")!.Value, (await client.ReadAsync(client.Token)).Subject);
    }

    [Fact]
    public async Task Another_backend_gets_an_assertion_of_its_own()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, injection: options => options.TrustedOrigins.Add(new Uri("https://other.example.com:8443")));
        await client.SendAsync();

        await client.SendAsync(HttpTesting.Post("https://other.example.com:8443/mcp"));

        Assert.True((await client.ValidateAsync(client.Token, parameters => parameters.ValidAudience = "https://other.example.com:8443")).IsValid);
        Assert.False((await client.ValidateAsync(client.Token)).IsValid);
    }

    [Fact]
    public async Task Concurrent_users_each_get_their_own()
    {
        await using AssertingClient client = AssertingClient.For(user: null);
        string[] subjects = [.. Enumerable.Range(0, 200).Select(number => $"user-{number % 20}")];

        await Task.WhenAll(subjects.Select(subject => Task.Run(() =>
        {
            HttpRequestMessage request = HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("X-Expected", subject);
            request.SetUser(Users.Named(subject));
            return client.SendAsync(request);
        })));

        Assert.Equal(200, client.Backend.Requests.Count);
        foreach (RecordedRequest request in client.Backend.Requests)
        {
            Assert.Equal(Assert.Single(request.Values("X-Expected")), (await client.ReadAsync(Assert.Single(request.Values("X-User-Assertion")))).Subject);
        }
    }
}
