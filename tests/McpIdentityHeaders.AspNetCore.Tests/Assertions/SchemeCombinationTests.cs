using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>
/// A backend with both schemes, in either order and under any default. An assertion alone says who the user is; plain headers alone count
/// where the scheme of plain headers is asked, from peers that it trusts.
/// </summary>
public sealed class SchemeCombinationTests
{
    private const string Plain = IdentityHeadersDefaults.AuthenticationScheme;
    private const string Signed = IdentityAssertionDefaults.AuthenticationScheme;

    // A policy scheme that looks for the assertion's header, one that looks for a plain header, and none.
    private static readonly string[] Defaults = [Signed, Plain, "by assertion", "by plain header", "none"];

    public static TheoryData<bool, string> Orders
    {
        get
        {
            var data = new TheoryData<bool, string>();
            foreach (string scheme in Defaults)
            {
                data.Add(true, scheme);
                data.Add(false, scheme);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Assertion_alone_says_who_the_user_is(bool isPlainFirst, string defaultScheme)
    {
        await using AssertionHosts hosts = await StartAsync(isPlainFirst, defaultScheme);

        Assert.Equal("200 alice Alice IdentityAssertion False", await CallAsync(hosts, Assertion(hosts)));
        Assert.Equal(
            "200 alice Alice IdentityAssertion False",
            await CallAsync(hosts, Assertion(hosts), ("X-User-Sub", "alice"), ("X-User-Name", "Alice")));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Headers_that_disagree_with_an_assertion_are_refused_at_any_endpoint(bool isPlainFirst, string defaultScheme)
    {
        await using AssertionHosts hosts = await StartAsync(isPlainFirst, defaultScheme);

        foreach ((string Name, string Value) header in new[]
        {
            ("X-User-Sub", "bob"),
            ("X-User-Name", "Bob"),
            ("X-User-Email", "alice@example.com"),
            ("X_User_Sub", "alice"),
            ("X-Tenant", "acme"),
        })
        {
            Assert.Equal("401", await CallAsync(hosts, Assertion(hosts), header));
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Refused_assertion_is_not_replaced_by_plain_headers(bool isPlainFirst, string defaultScheme)
    {
        await using AssertionHosts hosts = await StartAsync(isPlainFirst, defaultScheme);
        var expired = new AssertionDraft(hosts);
        expired.Times(-200, -200, -100);

        foreach ((string Name, string Value) assertion in new[]
        {
            (AssertionHosts.Header, expired.Sign()),
            (AssertionHosts.Header, ""),
            (AssertionHosts.Header, "abc"),
            ("X_User_Assertion", Assertion(hosts).Value),
        })
        {
            Assert.Equal("401", await CallAsync(hosts, assertion, ("X-User-Sub", "alice"), ("X-User-Name", "Alice")));
        }
    }

    [Theory]
    [InlineData(Signed, "200    False")]
    [InlineData(Plain, "200 alice  IdentityHeaders False")]
    [InlineData("by assertion", "200 alice  IdentityHeaders False")]
    [InlineData("by plain header", "200 alice  IdentityHeaders False")]
    [InlineData("none", "200 alice  IdentityHeaders False")]
    public async Task Plain_headers_alone_count_where_their_scheme_is_asked(string defaultScheme, string expected)
    {
        foreach (bool isPlainFirst in new[] { true, false })
        {
            await using AssertionHosts hosts = await StartAsync(isPlainFirst, defaultScheme);

            Assert.Equal(expected, await CallAsync(hosts, ("X-User-Sub", "alice")));
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Plain_headers_of_a_stranger_are_refused_under_any_default(bool isPlainFirst, string defaultScheme)
    {
        await using AssertionHosts hosts = await StartAsync(isPlainFirst, defaultScheme, options =>
        {
            options.TrustedPeers.Clear();
            options.TrustedPeers.Add("10.0.0.0/8");
        });

        Assert.Equal("401", await CallAsync(hosts, ("X-User-Sub", "alice")));
        Assert.Equal("200 alice Alice IdentityAssertion False", await CallAsync(hosts, Assertion(hosts)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Selector_that_falls_back_to_another_scheme_finds_the_assertion(bool isPlainFirst)
    {
        await using AssertionHosts hosts = await StartAsync(isPlainFirst, "or anonymous");

        Assert.Equal("200 alice Alice IdentityAssertion False", await CallAsync(hosts, Assertion(hosts)));
        Assert.Equal("200    False", await CallAsync(hosts));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Selector_finds_plain_headers_that_leave_the_request(bool isPlainFirst)
    {
        await using AssertionHosts hosts =
            await StartAsync(isPlainFirst, "plain or anonymous", options => options.RemoveIdentityHeaders = true);

        Assert.Equal("200 alice  IdentityHeaders False", await CallAsync(hosts, ("X-User-Sub", "alice")));
        Assert.Equal("200 alice Alice IdentityAssertion False", await CallAsync(hosts, Assertion(hosts), ("X-User-Sub", "alice")));
        Assert.Equal("200    False", await CallAsync(hosts));
    }

    private static Task<AssertionHosts> StartAsync(bool isPlainFirst, string defaultScheme, Action<IdentityHeadersOptions>? plain = null) =>
        AssertionHosts.StartAsync(
            authenticate: (services, issuer, address) =>
            {
                AuthenticationBuilder schemes = services.AddAuthentication(options =>
                    options.DefaultScheme = defaultScheme == "none" ? null : defaultScheme);
                schemes.AddScheme<AuthenticationSchemeOptions, AnonymousHandler>("anonymous", configureOptions: null);
                schemes.AddPolicyScheme("by assertion", displayName: null, options => options.ForwardDefaultSelector = context =>
                    context.Request.Headers.ContainsKey(AssertionHosts.Header) ? Signed : Plain);
                schemes.AddPolicyScheme("by plain header", displayName: null, options => options.ForwardDefaultSelector = context =>
                    context.Request.Headers.ContainsKey("X-User-Sub") ? Plain : Signed);
                schemes.AddPolicyScheme("or anonymous", displayName: null, options => options.ForwardDefaultSelector = context =>
                    context.Request.Headers.ContainsKey(AssertionHosts.Header) ? Signed : "anonymous");
                schemes.AddPolicyScheme("plain or anonymous", displayName: null, options => options.ForwardDefaultSelector = context =>
                    context.Request.Headers.ContainsKey("X-User-Sub") ? Plain : "anonymous");
                foreach (bool isPlain in new[] { isPlainFirst, !isPlainFirst })
                {
                    if (isPlain)
                    {
                        schemes.AddIdentityHeaders(options =>
                        {
                            ReceivingServer.TrustLoopback(options);
                            options.Headers.Add("X-Tenant", "tid");
                            plain?.Invoke(options);
                        });
                    }
                    else
                    {
                        schemes.AddIdentityAssertion(options =>
                        {
                            options.Issuer = AssertionHosts.NameOf(issuer);
                            options.Audience = AssertionHosts.NameOf(address);
                            options.Authority = issuer;
                        });
                    }
                }
            },
            map: app =>
            {
                IEndpointConventionBuilder user = app.MapGet("/user", WriteUserAsync);
                if (defaultScheme == "none")
                {
                    user.RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = $"{Plain},{Signed}" });
                }
            });

    private static async Task WriteUserAsync(HttpContext context)
    {
        // A policy that asks both schemes gets the assertion's identity from each.
        string types = string.Join(',', context.User.Identities.Select(identity => identity.AuthenticationType).Distinct());
        var plain = context.RequestServices.GetRequiredService<IOptionsMonitor<IdentityHeadersOptions>>();
        bool removesPlain = plain.Get(Plain).RemoveIdentityHeaders;
        bool hasLeftover = context.Request.Headers.ContainsKey(AssertionHosts.Header)
            || (removesPlain && context.Request.Headers.ContainsKey("X-User-Sub"));
        byte[] user = Encoding.UTF8.GetBytes(
            $"{context.User.FindFirst("sub")?.Value} {context.User.Identity?.Name} {types} {hasLeftover}");
        context.Response.ContentLength = user.Length;
        await context.Response.Body.WriteAsync(user);
    }

    private static (string Name, string Value) Assertion(AssertionHosts hosts) => (AssertionHosts.Header, new AssertionDraft(hosts).Sign());

    /// <summary>Gets the status, the subject, the name, who named the user, and whether a header stayed that has to leave.</summary>
    private static async Task<string> CallAsync(AssertionHosts hosts, params (string Name, string Value)[] headers)
    {
        RawResponse response = await RawHttp.GetAsync(
            hosts.Backend, "/user", [.. headers.Select(header => $"{header.Name}: {header.Value}")]);
        return response.Status == (int)HttpStatusCode.OK
            ? $"200 {Encoding.UTF8.GetString(response.Body)}"
            : $"{response.Status}";
    }

    private sealed class AnonymousHandler(
        IOptionsMonitor<AuthenticationSchemeOptions> options,
        ILoggerFactory loggerFactory,
        UrlEncoder encoder) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggerFactory, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
    }
}
