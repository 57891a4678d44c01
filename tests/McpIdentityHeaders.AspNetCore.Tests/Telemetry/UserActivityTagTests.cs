using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>The activity of an HTTP request says which user it runs for, where that is asked for, and no other activity does.</summary>
public sealed class UserActivityTagTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";
    private const string Id = "enduser.id";
    private const string PseudoId = "enduser.pseudo.id";
    private const string Untrusted = "at an origin that is not trusted";

    [Theory, InlineData(true), InlineData(false)]
    public async Task Request_has_its_users_id_on_its_own_span_alone(bool synchronous)
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri, options => options.UserActivityTag = UserActivityTag.Id);

        await client.SendAsync(Users.Alice, synchronous);

        Activity span = Assert.Single(spans.Clients);
        Assert.Equal("alice", span.GetTagItem(Id));
        Assert.Null(span.GetTagItem(PseudoId));
        Assert.Empty(spans.Root.TagObjects);
        Assert.Empty(span.Baggage);
    }

    [Fact]
    public async Task Tag_is_off_by_default()
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri);

        await client.SendAsync(Users.Alice);

        Assert.DoesNotContain(Assert.Single(spans.Clients).TagObjects, tag => tag.Key.StartsWith("enduser", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pseudonymous_id_is_a_keyed_hash_and_the_same_on_both_ends()
    {
        using var spans = new ExportedSpans();
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.UserActivityTag = UserActivityTag.PseudonymousId;
            options.UserActivityTagKey = Key;
        });
        using var client = new TaggingClient(host.Uri, options =>
        {
            options.UserActivityTag = UserActivityTag.PseudonymousId;
            options.UserActivityTagKey = Key;
        });

        await client.SendAsync(Users.Named("山田"), path: "/open");

        string expected = Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes("山田")));
        Activity[] both = [Assert.Single(spans.Clients), await spans.WaitForServerAsync("/open")];
        Assert.All(both, span => Assert.Equal(expected, span.GetTagItem(PseudoId)));
        Assert.DoesNotContain(
            both.SelectMany(span => span.TagObjects), tag => tag.Key == Id || tag.Value?.ToString()?.Contains("山田") == true);
    }

    [Fact]
    public async Task Users_under_one_span_have_each_a_request_span_of_their_own()
    {
        string[] users = [.. Enumerable.Range(0, 20).Select(number => $"user-{number}")];
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri, options => options.UserActivityTag = UserActivityTag.Id);

        await Task.WhenAll(users.Select(user => client.SendAsync(Users.Named(user), path: $"/{user}")));

        Assert.Equal(
            users.Select(user => $"/{user} {user}").Order(),
            spans.Clients.Select(span => $"{new Uri((string)span.GetTagItem("url.full")!).AbsolutePath} {span.GetTagItem(Id)}").Order());
        Assert.Empty(spans.Root.TagObjects);
    }

    public static TheoryData<string, ClaimsPrincipal?, Action<ClaimInjectionOptions>> WithoutIdentity => new()
    {
        { "anonymous", Users.Anonymous, _ => { } },
        { "unknown", null, _ => { } },
        { "without a subject", Users.With(("email", "alice@example.com")), _ => { } },
        { Untrusted, Users.Alice, _ => { } },
        { "without a claim for a header", Users.Alice, options => { options.Headers.Clear(); options.Headers.Add("X-Team", "team"); } },
    };

    [Theory]
    [MemberData(nameof(WithoutIdentity), DisableDiscoveryEnumeration = true)]
    public async Task Request_without_an_identity_has_no_id(string which, ClaimsPrincipal? user, Action<ClaimInjectionOptions> configure)
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri, isTrusted: which != Untrusted, configure: options =>
        {
            options.UserActivityTag = UserActivityTag.Id;
            configure(options);
        });

        await client.SendAsync(user);

        Assert.Null(Assert.Single(spans.Clients).GetTagItem(Id));
    }

    [Fact]
    public async Task Each_hop_of_a_redirect_has_the_id()
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync(context =>
        {
            if (context.Request.Path == "/first")
            {
                context.Response.Redirect("/second");
            }

            return Task.CompletedTask;
        });
        using var client = new TaggingClient(backend.Uri, options => options.UserActivityTag = UserActivityTag.Id);

        await client.SendAsync(Users.Alice, path: "/first");

        Assert.Equal(["alice", "alice"], spans.Clients.Select(span => span.GetTagItem(Id)));
    }

    [Fact]
    public async Task Id_that_the_application_has_set_stays()
    {
        using var spans = new ExportedSpans(tracing => tracing.AddHttpClientInstrumentation(http =>
            http.EnrichWithHttpRequestMessage = (span, _) => span.SetTag(Id, "of the application")));
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri, options => options.UserActivityTag = UserActivityTag.Id);

        await client.SendAsync(Users.Alice);

        Assert.Equal("of the application", Assert.Single(spans.Clients).GetTagItem(Id));
    }

    [Fact]
    public async Task Reload_turns_the_tag_on_for_connections_that_are_open()
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        var settings = new ChangingSettings(("MaxRedirections", "5"));
        using var client = new TaggingClient(backend.Uri, section: settings.NewSection());

        await client.SendAsync(Users.Alice);
        settings.Change(("UserActivityTag", "pseudonymousid"), ("UserActivityTagKey", Key));
        await client.SendAsync(Users.Alice);
        settings.Change(("UserActivityTagKey", "too short"));
        await client.SendAsync(Users.Alice);

        Assert.Equal([false, true, true], spans.Clients.Select(span => span.GetTagItem(PseudoId) is not null));
    }

    [Fact]
    public async Task Handler_made_by_hand_tags_too()
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        using HttpMessageInvoker client = HttpTesting.Injection(
            new SocketsHttpHandler(), new PropertyAccessor(Users.Alice), options => options.UserActivityTag = UserActivityTag.Id);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(backend.Uri.ToString()), synchronous: false);

        Assert.Equal("alice", Assert.Single(spans.Clients).GetTagItem(Id));
    }

    [Fact]
    public async Task Message_that_a_handler_sends_elsewhere_again_has_no_id_there()
    {
        using var spans = new ExportedSpans();
        await using WireServer backend = await WireServer.StartAsync();
        await using WireServer other = await WireServer.StartAsync();
        var accessor = new PropertyAccessor(Users.Alice);
        var options = new ClaimInjectionOptions { UserActivityTag = UserActivityTag.Id, TrustedOrigins = { backend.Uri } };
        using var client = new HttpMessageInvoker(new IdentityHandler(accessor)
        {
            InnerHandler = new ResendingHandler(other.Uri)
            {
                InnerHandler = new ClaimInjectionHandler(accessor, options) { InnerHandler = new SocketsHttpHandler() },
            },
        });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(backend.Uri.ToString()), synchronous: false);

        Assert.Equal(["alice", null], spans.Clients.Select(span => span.GetTagItem(Id)));
    }

    [Theory]
    [InlineData(UserActivityTag.Id, 1)]
    [InlineData(UserActivityTag.None, 0)]
    public async Task Primary_handler_that_shows_no_activity_is_warned_of_once(UserActivityTag tag, int expected)
    {
        await using WireServer backend = await WireServer.StartAsync();
        using var client = new TaggingClient(backend.Uri, options => options.UserActivityTag = tag, primary: () => new HttpClientHandler());

        await client.SendAsync(Users.Alice);
        await client.SendAsync(Users.Bob);

        Assert.Equal(expected, client.Logs.Count(record => record.Id.Name == "ActivitiesNotTagged" && record.Level == LogLevel.Warning));
        Assert.DoesNotContain(client.Logs, record => record.Message.Contains("alice", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("loopback", "alice")]
    [InlineData("192.0.2.1", null)]
    public async Task Received_request_has_the_id_once_its_headers_are_accepted(string trusted, string? expected)
    {
        using var spans = new ExportedSpans();
        await using ReceivingHost host = await ReceivingHost.StartAsync(schemes => schemes.AddIdentityHeaders(options =>
        {
            options.TrustedPeers.Add(trusted);
            options.UserActivityTag = UserActivityTag.Id;
        }));
        using var http = new HttpClient { DefaultRequestHeaders = { { "X-User-Sub", "alice" } } };

        using HttpResponseMessage response = await http.GetAsync(new Uri(host.Uri, "/open"));

        Assert.Equal(expected, (await spans.WaitForServerAsync("/open")).GetTagItem(Id));
    }

    [Theory]
    [InlineData(null, "alice")]
    [InlineData("https://other.example.com", null)]
    public async Task Received_request_has_the_id_once_its_assertion_is_accepted(string? audience, string? expected)
    {
        using var spans = new ExportedSpans();
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.Audience = audience, options => options.UserActivityTag = UserActivityTag.Id);

        using HttpResponseMessage response = await hosts.SendAsync(Users.Alice);

        Assert.Equal(expected, (await spans.WaitForServerAsync("/mcp")).GetTagItem(Id));
    }

    private sealed class ResendingHandler(Uri other) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using HttpResponseMessage first = await base.SendAsync(request, cancellationToken);
            request.RequestUri = other;
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
