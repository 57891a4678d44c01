using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>Which backend an assertion is for and goes to, whatever the handlers around do.</summary>
public sealed class AssertionPlacementTests
{
    private static readonly Uri Elsewhere = new("https://other.example.com/mcp");

    [Fact]
    public async Task Handler_in_between_that_sends_again_elsewhere_takes_no_assertion_along()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.Audience = "notes");
        using HttpMessageInvoker chain = ChainWith(client, async (request, send) =>
        {
            await send(request);
            request.RequestUri = Elsewhere;
            return await send(request);
        });

        await chain.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()), CancellationToken.None);

        Assert.Equal([true, false], client.Backend.Requests.Select(request => request.Has(AssertingClient.Header)));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Handler_in_between_may_send_again_and_sees_no_assertion(bool authorization)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.UseAuthorizationHeader = authorization);
        string[] seen = [];
        using HttpMessageInvoker chain = ChainWith(client, async (request, send) =>
        {
            await send(request);
            seen = [.. request.Headers.NonValidated.Select(header => header.Key)];
            return await send(request);
        });

        await chain.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()), CancellationToken.None);

        Assert.Empty(seen);
        Assert.All(client.Backend.Requests, request => Assert.True(request.Has(authorization ? "Authorization" : AssertingClient.Header)));
    }

    [Fact]
    public async Task Callers_own_authorization_is_still_there_after_a_refusal()
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, options => options.UseAuthorizationHeader = true);
        bool isKept = false;
        using HttpMessageInvoker chain = ChainWith(client, async (request, send) =>
        {
            try
            {
                return await send(request);
            }
            finally
            {
                isKept = request.Headers.Contains("Authorization");
            }
        });

        await Assert.ThrowsAsync<ClaimInjectionException>(() => chain.SendAsync(
            HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("Authorization", "Bearer other"), CancellationToken.None));

        Assert.True(isKept);
    }

    [Fact]
    public async Task Host_header_names_the_backend_and_the_bound_URI()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice,
            options => options.BindRequest = true,
            injection => injection.TrustedOrigins.Add(new Uri("https://inner.example.com:8443")));
        HttpRequestMessage request = HttpTesting.Post("https://inner.example.com:8443/mcp");
        request.Headers.Host = "notes.example.com:443";

        await client.SendAsync(request);

        var token = new JsonWebToken(client.Token);
        Assert.Equal(
            ("https://notes.example.com", "https://notes.example.com/mcp"),
            (token.Audiences.Single(), token.GetPayloadValue<string>("htu")));
    }

    [Fact]
    public async Task Resolved_service_is_named_as_the_program_names_it()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.Alice,
            build: builder => builder
                .AddClaimInjection(injection => injection.TrustedServices.Add(new Uri("http://notes")))
                .AddIdentityAssertion(options =>
                {
                    options.Issuer = AssertingClient.Issuer;
                    options.Keys.AddDevelopmentKey();
                })
                .AddHttpMessageHandler(() => new StubResolver("http://10.0.0.5:8080/mcp")));

        await client.SendAsync(HttpTesting.Post("http://notes/mcp"));

        Assert.Equal(new Uri("http://10.0.0.5:8080/mcp"), client.Backend.Only.Uri);
        Assert.Equal("http://notes", new JsonWebToken(client.Token).Audiences.Single());
    }

    [Theory]
    [InlineData("https://NOTES.example.com:443/mcp", "https://notes.example.com")]
    [InlineData("https://bücher.example.com/mcp", "https://xn--bcher-kva.example.com")]
    [InlineData("https://[2001:DB8::1]:8443/mcp", "https://[2001:db8::1]:8443")]
    public async Task Audience_is_the_origin_in_its_canonical_form(string uri, string expected)
    {
        await using AssertingClient client =
            AssertingClient.For(Users.Alice, injection: options => options.TrustedOrigins.Add(new Uri(uri)));

        await client.SendAsync(HttpTesting.Post(uri));

        Assert.Equal(expected, new JsonWebToken(client.Token).Audiences.Single());
    }

    [Fact]
    public async Task Client_that_names_no_origin_is_refused_at_startup()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("any").AddClaimInjection(options => options.AllowAnyOrigin = true).AddIdentityAssertion(options =>
        {
            options.Issuer = AssertingClient.Issuer;
            options.Keys.AddDevelopmentKey();
        });
        await using ServiceProvider provider = services.BuildServiceProvider();

        var error = Assert.ThrowsAny<Exception>(() => provider.GetRequiredService<IHttpClientFactory>().CreateClient("any"));

        Assert.Contains("no origin is named that an assertion could be sent to", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// No name that passes the validation at start-up gets here: what a later framework refuses must not go out unsigned either.
    /// </summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Header_that_cannot_be_set_is_refused_before_anything_is_sent(bool isBound)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice);
        var state = client.Services.GetRequiredKeyedService<ClaimInjectionState>(AssertingClient.Name);
        AssertionKeyRing keys = ((IdentityAssertionPlan)state.Plan.Assertion!).Keys;
        var options = new IdentityAssertionOptions { Issuer = AssertingClient.Issuer, HeaderName = "Expires", BindRequest = isBound };
        var injection = new ClaimInjectionOptions
        {
            Assertion = new IdentityAssertionPlan(options, keys, new AssertionSigner(options, keys, state.Telemetry, client.Time)),
        };
        var clone = IdentityRequestMessage.Create(HttpTesting.Post(AssertingClient.Endpoint.ToString()), Users.Alice);
        clone.CarriedUser =
            new AssertedClaims("alice", ["alice", null, null], new ClaimInjectionPlan(injection, [AssertingClient.Endpoint]));
        using var chain = new HttpMessageInvoker(new IdentityAssertionHandler { InnerHandler = client.Backend });

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => chain.SendAsync(clone, CancellationToken.None));

        Assert.Equal(ClaimInjectionErrorReason.AssertionFailed, error.Reason);
        Assert.Contains("the header 'Expires' cannot be a request header", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Theory]
    [InlineData(false, "x-user-assertion")]
    [InlineData(true, "authorization")]
    public async Task Header_that_carries_it_is_redacted_whatever_is_shown(bool useAuthorization, string expected)
    {
        await using AssertingClient client = AssertingClient.For(Users.Alice, build: builder => builder
            .AddIdentityAssertion(options =>
            {
                options.Issuer = AssertingClient.Issuer;
                options.UseAuthorizationHeader = useAuthorization;
                options.Keys.AddDevelopmentKey();
            })
            .RedactLoggedHeaders(["X-Nothing"]));

        HttpClientFactoryOptions options =
            client.Services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(AssertingClient.Name);

        Assert.True(options.ShouldRedactHeaderValue(expected));
        Assert.Equal(useAuthorization, options.ShouldRedactHeaderValue("Authorization"));
    }

    /// <summary>The block with a handler of another library in it, which the pipeline's builder cannot keep out.</summary>
    private static HttpMessageInvoker ChainWith(
        AssertingClient client,
        Func<HttpRequestMessage, Func<HttpRequestMessage, Task<HttpResponseMessage>>, Task<HttpResponseMessage>> inBetween)
    {
        var state = client.Services.GetRequiredKeyedService<ClaimInjectionState>(AssertingClient.Name);
        return new HttpMessageInvoker(new IdentityHandler(client.Accessor)
        {
            InnerHandler = new Between(inBetween)
            {
                InnerHandler = new ClaimInjectionHandler(client.Accessor, state)
                {
                    InnerHandler = new IdentityAssertionHandler { InnerHandler = client.Backend },
                },
            },
        });
    }

    private sealed class Between(
        Func<HttpRequestMessage, Func<HttpRequestMessage, Task<HttpResponseMessage>>, Task<HttpResponseMessage>> send) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            send(request, again => base.SendAsync(again, cancellationToken));
    }

    private sealed class StubResolver(string address) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(address);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
