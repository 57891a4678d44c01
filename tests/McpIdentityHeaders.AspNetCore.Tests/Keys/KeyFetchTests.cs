using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Keys;

/// <summary>Whatever the issuer's key set does, users of known keys are served, and what is fetched is bounded.</summary>
public sealed class KeyFetchTests
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Flood_of_unknown_keys_fetches_once_an_interval_and_locks_no_user_out()
    {
        await using AssertionHosts hosts = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await CallAsync(hosts));

        HttpStatusCode[] first = await FloodAsync(hosts);
        int fetchesAtOnce = hosts.KeyFetches;
        _time.Advance(RefreshInterval);
        HttpStatusCode[] second = await FloodAsync(hosts);

        Assert.All(first.Concat(second).Where((_, number) => number % 2 == 0), status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.All(first.Concat(second).Where((_, number) => number % 2 == 1), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal((1, 2), (fetchesAtOnce, hosts.KeyFetches));
    }

    [Fact]
    public async Task User_of_a_new_key_is_served_in_a_flood_of_unknown_ones()
    {
        using var added = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AssertionHosts hosts = await StartAsync();
        await FloodAsync(hosts);
        _time.Advance(RefreshInterval);
        hosts.KeySet = context => WriteKeysAsync(context, JwkOf(hosts.Key), JwkOf(added));

        Task<HttpStatusCode[]> flood = FloodAsync(hosts);
        HttpStatusCode served = await CallAsync(hosts, added);
        await flood;

        Assert.Equal(HttpStatusCode.OK, served);
        Assert.Equal(2, hosts.KeyFetches);
    }

    [Fact]
    public async Task Users_are_served_while_the_key_set_hangs()
    {
        var gate = new AsyncGate();
        await using AssertionHosts hosts = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await CallAsync(hosts));
        hosts.KeySet = _ => gate.WaitAsync();
        _time.Advance(RefreshInterval);

        Task<HttpStatusCode> unknown = CallUnknownAsync(hosts);
        await gate.Arrived;
        HttpStatusCode meanwhile = await CallAsync(hosts);
        bool isWaiting = !unknown.IsCompleted;
        gate.Release();

        Assert.Equal((HttpStatusCode.OK, true, HttpStatusCode.Unauthorized), (meanwhile, isWaiting, await unknown));
    }

    [Fact]
    public async Task Requests_that_wait_for_a_fetch_share_it_when_it_fails()
    {
        var gate = new AsyncGate();
        int fetches = 0;
        using var handler = new StubHandler(async _ =>
        {
            Interlocked.Increment(ref fetches);
            await gate.WaitAsync();

            // It took as long as the interval, as a time-out does.
            _time.Advance(RefreshInterval);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("garbage") };
        });
        using var backchannel = new HttpClient(handler);
        var keys = new AspNetCore.Internal.FetchedKeys(
            "scheme",
            new Uri("https://gateway.example.com/jwks.json"),
            isKeySet: true,
            RefreshInterval,
            backchannel,
            _time,
            NullLogger.Instance);

        Task<IReadOnlyList<SecurityKey>>[] found =
            [.. Enumerable.Range(0, 20).Select(number => keys.FindAsync($"unknown{number}", CancellationToken.None).AsTask())];
        await gate.Arrived;
        gate.Release();
        await Task.WhenAll(found);

        Assert.All(found, one => Assert.Empty(one.Result));
        Assert.Equal(1, fetches);
    }

    [Theory]
    [InlineData("authority")]
    [InlineData("key set")]
    public async Task Issuer_that_is_dead_at_startup_is_asked_again_after_the_interval(string source)
    {
        await using AssertionHosts hosts = await StartAsync(options =>
        {
            if (source == "key set")
            {
                options.KeySetUri = new Uri(options.Authority!, "/.well-known/jwks.json");
                options.Authority = null;
            }
        });
        hosts.KeySet = Abort;

        HttpStatusCode dead = await CallAsync(hosts);
        hosts.KeySet = null;
        HttpStatusCode tooSoon = await CallAsync(hosts);
        _time.Advance(RefreshInterval);
        HttpStatusCode alive = await CallAsync(hosts);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (dead, tooSoon, alive));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Level == LogLevel.Error && record.Id.Name == "KeysNotFetched");
    }

    private static readonly Dictionary<string, RequestDelegate> Faults = new()
    {
        ["aborted"] = Abort,
        ["500"] = context => Fail(context, StatusCodes.Status500InternalServerError),
        ["404"] = context => Fail(context, StatusCodes.Status404NotFound),
        ["redirect"] = context =>
        {
            context.Response.Redirect("/.well-known/openid-configuration");
            return Task.CompletedTask;
        },
        ["nothing"] = _ => Task.CompletedTask,
        ["garbage"] = context => context.Response.WriteAsync("<html>garbage</html>"),
        ["half"] = context => context.Response.WriteAsync("""{"keys":[{"kty":"EC","crv":"""),
        ["null"] = context => context.Response.WriteAsync("null"),
        ["list"] = context => context.Response.WriteAsync("[]"),
        ["no keys"] = context => context.Response.WriteAsync("""{"keys":[]}"""),
        ["keys that are none"] = context => context.Response.WriteAsync("""{"keys":[1,"a",null,{}]}"""),
        ["another document"] = context => context.Response.WriteAsync("""{"error":"busy"}"""),
        ["huge"] = context => context.Response.WriteAsync($$"""{"keys":[],"pad":"{{new string('x', 2_000_000)}}"}"""),
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(FaultNames))]
    public async Task Key_set_that_is_of_no_use_leaves_the_last_keys_in_force(string name)
    {
        await using AssertionHosts hosts = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await CallAsync(hosts));
        hosts.KeySet = Faults[name];
        _time.Advance(RefreshInterval);

        HttpStatusCode unknown = await CallUnknownAsync(hosts);
        int fetches = hosts.KeyFetches;
        HttpStatusCode known = await CallAsync(hosts);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (unknown, known));
        Assert.True(fetches > 1, "The key set was not fetched again.");
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Id.Name == "KeysNotFetched");
    }

    public static TheoryData<bool, int> Redirects => new()
    {
        { false, StatusCodes.Status301MovedPermanently },
        { false, StatusCodes.Status307TemporaryRedirect },
        { true, StatusCodes.Status302Found },
        { true, StatusCodes.Status308PermanentRedirect },
    };

    [Theory]
    [MemberData(nameof(Redirects))]
    public async Task Redirect_of_key_set_or_discovery_is_not_followed(bool isDiscovery, int status)
    {
        Uri? target = null;
        await using AssertionHosts redirecting = await AssertionHosts.StartAsync(map: app => app.MapGet("/.well-known/{name}", context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = $"{target}";
            return Task.CompletedTask;
        }));
        await using AssertionHosts hosts = await StartAsync(options =>
        {
            options.KeySetUri = isDiscovery ? null : new Uri(redirecting.Backend, "/.well-known/jwks.json");
            options.Authority = isDiscovery ? redirecting.Backend : null;
        });
        target = new Uri(hosts.Issuer, isDiscovery ? "/.well-known/openid-configuration" : "/.well-known/jwks.json");

        HttpStatusCode refused = await CallAsync(hosts);

        Assert.Equal((HttpStatusCode.Unauthorized, 0), (refused, hosts.KeyFetches));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Id.Name == "KeysNotFetched");
    }

    [Fact]
    public async Task Withdrawn_key_is_refused_once_the_keys_were_fetched_again()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AssertionHosts hosts = await StartAsync();
        HttpStatusCode before = await CallAsync(hosts);
        hosts.KeySet = context => WriteKeysAsync(context, JwkOf(other));
        _time.Advance(RefreshInterval);

        HttpStatusCode byOther = await CallAsync(hosts, other);
        HttpStatusCode withdrawn = await CallAsync(hosts);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Unauthorized), (before, byOther, withdrawn));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_of_one_id_are_each_tried(bool isLast)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AssertionHosts hosts = await StartAsync();
        JsonObject[] keys = [JwkOf(hosts.Key), With(JwkOf(other), ("kid", IdOf(hosts.Key)))];
        hosts.KeySet = context => WriteKeysAsync(context, isLast ? [keys[1], keys[0]] : keys);

        Assert.Equal(HttpStatusCode.OK, await CallAsync(hosts));
    }

    [Theory]
    [InlineData("use", "\"enc\"", false)]
    [InlineData("use", "\"SIG\"", false)]
    [InlineData("use", "\"sig\"", true)]
    [InlineData("key_ops", "[\"encrypt\"]", false)]
    [InlineData("key_ops", "[\"sign\",\"deriveKey\"]", false)]
    [InlineData("key_ops", "[\"verify\"]", true)]
    [InlineData("alg", "\"ES384\"", false)]
    [InlineData("alg", "\"ECDH-ES\"", false)]
    [InlineData("alg", "\"ES256\"", true)]
    [InlineData("kty", "\"oct\"", false)]
    [InlineData("kid", "\"\"", false)]
    [InlineData("x5u", "\"https://evil.example.com\"", true)]
    public async Task Key_of_the_set_counts_only_for_what_it_says_it_is_for(string member, string value, bool isAccepted)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AssertionHosts hosts = await StartAsync();
        JsonObject key = With(JwkOf(hosts.Key), (member, JsonNode.Parse(value)));
        hosts.KeySet = context => WriteKeysAsync(context, key, JwkOf(other));

        Assert.Equal(isAccepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, await CallAsync(hosts));
    }

    [Theory]
    [InlineData("use", "\"enc\"", false)]
    [InlineData("key_ops", "[\"encrypt\"]", false)]
    [InlineData("alg", "\"ES384\"", false)]
    [InlineData("use", "\"sig\"", true)]
    [InlineData("kid", "\"mine\"", true)]
    public async Task Given_key_counts_only_for_what_it_says_it_is_for(string member, string value, bool isAccepted)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using AssertionHosts hosts = await StartAsync(options =>
        {
            options.Authority = null;
            options.Keys.Add(new JsonWebKey(With(JwkOf(key), (member, JsonNode.Parse(value))).ToJsonString()));
        });

        Assert.Equal(isAccepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, await CallAsync(hosts, key));
    }

    [Fact]
    public async Task Address_in_a_token_is_never_asked()
    {
        await using AssertionHosts hosts = await StartAsync();
        var draft = new AssertionDraft(hosts);
        Uri address = new(hosts.Issuer, "/.well-known/jwks.json?from=token");
        draft.Header["jku"] = address.ToString();
        draft.Header["x5u"] = address.ToString();
        draft.Header["kid"] = address.ToString();
        var queries = new List<string>();
        hosts.KeySet = context =>
        {
            queries.Add(context.Request.QueryString.ToString());
            return WriteKeysAsync(context, JwkOf(hosts.Key));
        };

        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal([string.Empty], queries);
    }

    private Task<AssertionHosts> StartAsync(Action<ReceivedAssertionOptions>? receive = null) =>
        AssertionHosts.StartAsync(receive: receive, time: _time);

    /// <summary>Calls with 30 unknown keys and a known one in turns, all at once.</summary>
    private static Task<HttpStatusCode[]> FloodAsync(AssertionHosts hosts) =>
        Task.WhenAll(Enumerable.Range(0, 30).SelectMany(number => new[] { CallUnknownAsync(hosts, $"unknown{number}"), CallAsync(hosts) }));

    private static Task<HttpStatusCode> CallUnknownAsync(AssertionHosts hosts, string keyId = "unknown") =>
        CallAsync(hosts, draft => draft.Header["kid"] = keyId);

    private static Task<HttpStatusCode> CallAsync(AssertionHosts hosts) => CallAsync(hosts, _ => { });

    private static Task<HttpStatusCode> CallAsync(AssertionHosts hosts, ECDsa key) => CallAsync(hosts, draft =>
    {
        draft.Header["kid"] = IdOf(key);
        draft.SignWith(key);
    });

    private static async Task<HttpStatusCode> CallAsync(AssertionHosts hosts, Action<AssertionDraft> change)
    {
        var draft = new AssertionDraft(hosts);
        change(draft);
        using HttpResponseMessage response = await hosts.SendTokenAsync(draft.Sign());
        return response.StatusCode;
    }

    private static string IdOf(ECDsa key) => Base64UrlEncoder.Encode(new ECDsaSecurityKey(key).ComputeJwkThumbprint());

    private static JsonObject JwkOf(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["kid"] = IdOf(key),
            ["x"] = Base64UrlEncoder.Encode(parameters.Q.X!),
            ["y"] = Base64UrlEncoder.Encode(parameters.Q.Y!),
        };
    }

    private static JsonObject With(JsonObject key, (string Member, JsonNode? Value) change)
    {
        key[change.Member] = change.Value;
        return key;
    }

    private static Task WriteKeysAsync(HttpContext context, params JsonObject[] keys) =>
        context.Response.WriteAsync($$"""{"keys":[{{string.Join(',', keys.Select(key => key.ToJsonString()))}}]}""");

    private static Task Abort(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private static Task Fail(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
