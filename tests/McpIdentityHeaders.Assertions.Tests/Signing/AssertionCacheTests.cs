using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

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
    public async Task Principal_that_gets_another_claim_has_another_assertion()
    {
        ClaimsPrincipal user = Users.With(("sub", "alice"));
        await using AssertingClient client = AssertingClient.For(user);
        await client.SendAsync();
        Assert.False(new JsonWebToken(client.Token).TryGetPayloadValue("email", out string _));

        ((ClaimsIdentity)user.Identity!).AddClaim(new Claim("email", "alice@example.com"));
        await client.SendAsync();

        Assert.Equal("alice@example.com", new JsonWebToken(client.Token).GetPayloadValue<string>("email"));
    }

    [Fact]
    public async Task Clock_that_is_set_back_has_another_signed()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice);
        await client.SendAsync();
        string first = client.Token;

        client.Time.AdjustTime(client.Time.GetUtcNow() - TimeSpan.FromHours(1));
        await client.SendAsync();

        Assert.NotEqual(first, client.Token);
        Assert.Equal(client.Time.GetUtcNow().UtcDateTime, new JsonWebToken(client.Token).ValidFrom);
    }

    [Fact]
    public async Task Assertions_of_at_most_10000_users_are_kept()
    {
        const int UserCount = 10_200;
        await using AssertingClient client = AssertingClient.For(Users.Alice);
        ClaimInjectionPlan plan = client.Services.GetRequiredKeyedService<ClaimInjectionState>(AssertingClient.Name).Plan;
        AssertionSigner signer = ((IdentityAssertionPlan)plan.Assertion!).Signer;
        string Sign(int user) => signer.GetToken(new AssertedClaims($"user-{user}", [null, null, null], plan), "notes");

        string[] first = [.. Enumerable.Range(0, UserCount).Select(Sign)];
        string[] second = [.. Enumerable.Range(0, UserCount).Select(Sign)];

        Assert.Equal(UserCount, first.Distinct().Count());
        Assert.InRange(first.Intersect(second).Count(), 1, 10_000);
    }

    [Fact]
    public async Task Look_up_of_a_kept_assertion_allocates_at_most_200_bytes()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice);
        ClaimInjectionPlan plan = client.Services.GetRequiredKeyedService<ClaimInjectionState>(AssertingClient.Name).Plan;
        var assertion = (IdentityAssertionPlan)plan.Assertion!;
        HttpRequestMessage request = HttpTesting.Post(AssertingClient.Endpoint.ToString());
        long Measure()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var claims = new AssertedClaims("alice", ["alice", null, "Alice Adams"], plan);
            Assert.NotEmpty(assertion.Signer.GetToken(claims, assertion.GetAudience(request, claims)));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange(Enumerable.Range(0, 10).Min(_ => Measure()), 1, 200);
    }

    [Fact]
    public async Task Another_backend_gets_an_assertion_of_its_own()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice, injection: options => options.TrustedOrigins.Add(new Uri("https://other.example.com:8443")));
        await client.SendAsync();

        await client.SendAsync(HttpTesting.Post("https://other.example.com:8443/mcp"));

        Assert.True(
            (await client.ValidateAsync(client.Token, parameters => parameters.ValidAudience = "https://other.example.com:8443")).IsValid);
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
            Assert.Equal(
                Assert.Single(request.Values("X-Expected")),
                (await client.ReadAsync(Assert.Single(request.Values("X-User-Assertion")))).Subject);
        }
    }
}
