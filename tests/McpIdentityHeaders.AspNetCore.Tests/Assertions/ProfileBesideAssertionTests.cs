using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>A proxy's headers beside an assertion have to say the same: those of the profile, not of the default map.</summary>
public sealed class ProfileBesideAssertionTests
{
    public static TheoryData<string, bool> Headers => new()
    {
        { "X-Forwarded-User: alice", true },
        { "X-Forwarded-User: alice\r\nX-Forwarded-Email: alice@example.com\r\nX-Forwarded-Groups: a,b", true },
        { "X-Forwarded-User: bob", false },
        { "X-Forwarded-User: alice\r\nX-Forwarded-Email: bob@example.com", false },
        { "X-Forwarded-User: alice\r\nX-Forwarded-Groups: a,b,c", false },
        { "X-Forwarded-User: alice\r\nX-Forwarded-Groups: b,a", false },
        { "X-Forwarded-User: alice\r\nX-Forwarded-Preferred-Username: alice", false },
        { "X-Forwarded-Email: alice@example.com", false },
        { "X_Forwarded_User: alice", false },
        { "X-Forwarded-User: alice\r\nX-Forwarded-User: alice", false },
        { "X-Other: bob", true },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Headers_of_a_profile_have_to_agree_with_the_assertion(string lines, bool isAccepted)
    {
        await using AssertionHosts hosts = await StartAsync();

        Assert.Equal(isAccepted ? 200 : 401, (await CallAsync(hosts, lines.Split("\r\n"))).Status);
    }

    [Theory]
    [InlineData("oid")]
    [InlineData("sub")]
    public async Task Subject_of_a_profile_is_the_assertions_whatever_its_claim_is_called(string subjectType)
    {
        await using AssertionHosts hosts = await StartAsync(options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add(subjectType);
        });

        Assert.Equal(200, (await CallAsync(hosts, "X-Forwarded-User: alice")).Status);
        Assert.Equal(401, (await CallAsync(hosts, "X-Forwarded-User: bob")).Status);
    }

    [Fact]
    public async Task Refusal_quotes_no_value()
    {
        await using AssertionHosts hosts = await StartAsync();

        await CallAsync(hosts, "X-Forwarded-User: mallory");

        Assert.Contains(
            hosts.Logs.GetSnapshot(),
            record => record.Message.Contains("the headers of the profile say something else", StringComparison.Ordinal));
        Assert.DoesNotContain(hosts.Logs.GetSnapshot(), record => record.Message.Contains("mallory", StringComparison.Ordinal));
    }

    private static Task<AssertionHosts> StartAsync(Action<IdentityHeadersOptions>? plain = null) => AssertionHosts.StartAsync(
        services: services => services.AddAuthentication().AddIdentityHeaders(options =>
        {
            ReceivingServer.TrustLoopback(options);
            options.Profile = IdentityHeadersProfile.OAuth2Proxy;
            plain?.Invoke(options);
        }));

    private static Task<RawResponse> CallAsync(AssertionHosts hosts, params string[] lines)
    {
        var draft = new AssertionDraft(hosts);
        draft.Payload["email"] = "alice@example.com";
        draft.Payload["groups"] = new System.Text.Json.Nodes.JsonArray("a", "b");
        return RawHttp.GetAsync(hosts.Backend, "/mcp", [$"{AssertionHosts.Header}: {draft.Sign()}", .. lines]);
    }
}
