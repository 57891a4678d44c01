namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>An identity without its subject, or without what is required of one.</summary>
public sealed class MissingHeaderTests
{
    [Theory]
    [InlineData("X-User-Email: alice@example.com")]
    [InlineData("X-User-Name: Alice")]
    [InlineData("X-User-Name: Alice", "X-User-Email: alice@example.com")]
    public async Task Identity_without_a_subject_is_refused(params string[] lines)
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

            await host.AssertMalformedAsync(http2, lines);
        }
    }

    [Theory]
    [InlineData("sub")]
    [InlineData(ClaimTypes.NameIdentifier)]
    public async Task Either_claim_type_is_a_subject(string claimType)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(
            options => Use(options, new ClaimHeader("X-Who", claimType)));

        RawResponse accepted = await host.GetAsync("/closed", "X-Who: alice");
        RawResponse refused = await host.GetAsync("/open", "X-User-Tenant: t");

        Assert.Equal(["alice"], accepted.User.Values(claimType));
        Assert.Equal(400, refused.Status);
        Assert.Equal(["accepted", "malformed"], host.Outcomes);
    }

    [Fact]
    public async Task Required_header_that_does_not_come_is_refused()
    {
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await StartRequiringTenantAsync();

            await host.AssertMalformedAsync(http2, "X-User-Sub: alice");
        }
    }

    [Fact]
    public async Task Required_header_that_comes_is_read()
    {
        await using ReceivingHost host = await StartRequiringTenantAsync();

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", "X-User-Tenant: t");

        Assert.Equal(["t"], response.User.Values("tenant"));
    }

    [Theory]
    [InlineData("X-User-Tenant:")]
    [InlineData("X_User_Tenant: t")]
    public async Task Required_header_that_is_blank_or_an_alias_is_refused(string line)
    {
        await using ReceivingHost host = await StartRequiringTenantAsync();

        await host.AssertMalformedAsync(http2: false, "X-User-Sub: alice", line);
    }

    [Fact]
    public async Task Required_header_is_required_of_identities_only()
    {
        await using ReceivingHost host = await StartRequiringTenantAsync();

        RawResponse response = await host.GetAsync("/open");

        Assert.False(response.User.IsAuthenticated);
        Assert.Empty(host.Outcomes);
    }

    [Fact]
    public async Task Header_that_is_not_required_may_stay_away()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice");

        Assert.Equal(["sub"], response.User.Claims.Select(claim => claim.Type));
    }

    [Fact]
    public async Task Warning_says_which_header_and_no_value()
    {
        await using ReceivingHost host = await StartRequiringTenantAsync();

        await host.GetAsync("/open", "X-User-Sub: s3cr3t-of-alice");

        Assert.Contains("X-User-Tenant", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Message.Contains("s3cr3t", StringComparison.Ordinal));
    }

    private static Task<ReceivingHost> StartRequiringTenantAsync() => ReceivingHost.StartTrustingAsync(options =>
        options.Headers.Add(new ClaimHeader("X-User-Tenant", "tenant") { Required = true }));

    private static void Use(IdentityHeadersOptions options, ClaimHeader subject)
    {
        options.Headers.Clear();
        options.Headers.Add(subject);
        options.Headers.Add("X-User-Tenant", "tenant");
    }
}
