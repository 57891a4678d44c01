using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>Each scheme of assertions has a header of its own: two of one header would refuse each other's assertions.</summary>
public sealed class SharedHeaderTests
{
    private const string Partner = "Partner";

    [Theory]
    [InlineData("X-User-Assertion")]
    [InlineData("x-user-assertion")]
    [InlineData("X_User_Assertion")]
    [InlineData("X.User.Assertion")]
    public async Task Schemes_of_one_header_are_refused_at_startup(string headerName)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(options => options.HeaderName = headerName));

        Assert.Contains($"so does the scheme '{Partner}'", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("set HeaderName of one, at its sender too", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schemes_of_two_headers_each_verify_their_own_issuers()
    {
        await using AssertionHosts other = await AssertionHosts.StartAsync();
        await using AssertionHosts hosts = await StartAsync(options =>
        {
            options.HeaderName = "X-Partner-Assertion";
            options.Issuer = AssertionHosts.NameOf(other.Issuer);
            options.Authority = other.Issuer;
        });
        string own = new AssertionDraft(hosts).Sign();
        var partners = new AssertionDraft(other) { Payload = { ["sub"] = "pat" } };
        partners.Payload["aud"] = AssertionHosts.NameOf(hosts.Backend);

        Assert.Equal("alice", await CallAsync(hosts, (AssertionHosts.Header, own)));
        Assert.Equal("pat", await CallAsync(hosts, ("X-Partner-Assertion", partners.Sign())));
        Assert.Equal("Unauthorized", await CallAsync(hosts, ("X-Partner-Assertion", own)));
        Assert.Equal("Unauthorized", await CallAsync(hosts, (AssertionHosts.Header, partners.Sign())));
    }

    [Theory]
    [InlineData(AssertionHosts.Header)]
    [InlineData("X-Partner-Assertion")]
    [InlineData(AssertionHosts.Header, "X-Partner-Assertion")]
    public async Task Assertions_of_all_schemes_leave_the_request(params string[] headerNames)
    {
        await using AssertionHosts hosts = await StartAsync(options => options.HeaderName = "X-Partner-Assertion");
        string token = new AssertionDraft(hosts).Sign();

        RawResponse response = await RawHttp.GetAsync(
            hosts.Backend, "/left", [.. headerNames.Select(name => $"{name}: {token}")]);

        Assert.Equal("alice ", Encoding.UTF8.GetString(response.Body));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Header_of_plain_headers_is_refused_at_startup(bool isSecret)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => AssertionHosts.StartAsync(
            services: services => services.AddAuthentication().AddIdentityHeaders(options =>
            {
                ReceivingServer.TrustLoopback(options);
                if (isSecret)
                {
                    options.SharedSecrets.Add(new SharedSecret("X-User-Assertion", "0123456789abcdef0123456789abcdef"));
                }
                else
                {
                    options.Headers.Add("X_User_Assertion", "assertion");
                }
            })));

        Assert.Contains("so does a scheme of plain headers", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_to_the_header_of_another_scheme_is_refused_and_logged()
    {
        var settings = new ChangingSettings(("HeaderName", "X-Partner-Assertion"));
        await using AssertionHosts hosts = await StartAsync(settings: settings);

        settings.Change(("HeaderName", AssertionHosts.Header));

        Assert.Equal("alice", await CallAsync(hosts, (AssertionHosts.Header, new AssertionDraft(hosts).Sign())));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Level == LogLevel.Error && record.Id.Name == "SettingsRefused");
    }

    [Fact]
    public async Task Invalid_scheme_is_reported_and_no_header_of_it()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(options => options.Issuer = null));

        Assert.Contains(
            $"Authentication scheme '{Partner}': ReceivedAssertionOptions.Issuer is not set", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("so does the scheme", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Setting_that_is_misspelt_is_reported_for_its_own_scheme_alone()
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync(
                options => options.HeaderName = "X-Partner-Assertion", new ChangingSettings(("Isuer", "https://one.example"))));

        Assert.Equal(Partner, refused.OptionsName);
        Assert.Contains("Isuer' is not known", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_change_of_one_scheme_keeps_no_change_of_the_other_back()
    {
        var own = new ChangingSettings(("ClockSkew", "00:00:10"));
        var settings = new ChangingSettings(("HeaderName", "X-Partner-Assertion"));
        await using AssertionHosts hosts = await StartAsync(settings: settings, own: own);

        settings.Change(("Misspelt", "1"));
        own.Change(("HeaderName", "X-New-Assertion"));

        Assert.Equal("alice", await CallAsync(hosts, ("X-New-Assertion", new AssertionDraft(hosts).Sign())));
    }

    private static Task<AssertionHosts> StartAsync(
        Action<ReceivedAssertionOptions>? partner = null, ChangingSettings? settings = null, ChangingSettings? own = null) =>
        AssertionHosts.StartAsync(map: app => app.MapGet("/left", WriteLeftAsync), authenticate: (services, issuer, address) =>
        {
            var schemes = services.AddAuthentication("by header").AddPolicyScheme("by header", displayName: null, options =>
                options.ForwardDefaultSelector = context => context.Request.Headers.ContainsKey("X-Partner-Assertion")
                    ? Partner
                    : IdentityAssertionDefaults.AuthenticationScheme);
            schemes.AddIdentityAssertion(Configure).AddIdentityAssertion(Partner, options =>
            {
                Configure(options);
                partner?.Invoke(options);
            });
            if (settings is not null)
            {
                schemes.AddIdentityAssertion(Partner, settings.NewSection());
            }

            if (own is not null)
            {
                schemes.AddIdentityAssertion(own.NewSection());
            }

            void Configure(ReceivedAssertionOptions options)
            {
                options.Issuer = AssertionHosts.NameOf(issuer);
                options.Audience = AssertionHosts.NameOf(address);
                options.Authority = issuer;
            }
        });

    /// <summary>Writes the user's subject, and which assertions the endpoint sees.</summary>
    private static async Task WriteLeftAsync(HttpContext context)
    {
        IEnumerable<string> left = context.Request.Headers.Keys
            .Where(name => name.EndsWith("-Assertion", StringComparison.OrdinalIgnoreCase));
        byte[] body = Encoding.UTF8.GetBytes($"{context.User.FindFirst("sub")?.Value} {string.Join(' ', left)}");
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    /// <summary>Gets the user's subject, or else the status.</summary>
    private static async Task<string> CallAsync(AssertionHosts hosts, (string Name, string Value) header)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(hosts.Backend, "/mcp"));
        request.WithHeader(header.Name, header.Value);
        using HttpResponseMessage response = await http.SendAsync(request);
        return response.StatusCode == HttpStatusCode.OK
            ? (await response.Content.ReadAsStringAsync()).Split('|')[0]
            : $"{response.StatusCode}";
    }
}
