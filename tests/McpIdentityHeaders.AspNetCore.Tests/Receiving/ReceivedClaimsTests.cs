namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>The user that the headers make.</summary>
public sealed class ReceivedClaimsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Default_headers_become_their_first_claim_types(bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.SendAsync(
            http2, "/closed", "X-User-Name: Alice Adams", "X-User-Email: alice@example.com", "X-User-Sub: alice");

        ReceivedUser user = response.User;
        Assert.True(user.IsAuthenticated);
        Assert.Equal("IdentityHeaders", user.Scheme);
        Assert.Equal("Alice Adams", user.Name);
        Assert.Equivalent(
            new ReceivedClaim[]
            {
                new("sub", "alice", "IdentityHeaders"),
                new("email", "alice@example.com", "IdentityHeaders"),
                new("name", "Alice Adams", "IdentityHeaders"),
            },
            user.Claims,
            strict: true);
    }

    [Fact]
    public async Task Path_into_a_claim_becomes_its_last_name()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.Headers.Add(new ClaimHeader("X-Roles", "realm_access") { JsonPath = "roles", Format = ClaimValueFormat.JsonArray });
            options.Headers.Add(new ClaimHeader("X-Deep", "resource_access") { JsonPath = "one.two.level" });
            options.Headers.Add(new ClaimHeader("X-Dotted", "resource_access") { JsonPath = @"one\.two.my\.level" });
        });

        RawResponse response = await host.GetAsync(
            "/closed", "X-User-Sub: alice", "X-Roles: [\"viewer\",\"editor\"]", "X-Deep: 3", "X-Dotted: 4");

        Assert.Equal(["viewer", "editor"], response.User.Values("roles"));
        Assert.Equal(["3"], response.User.Values("level"));
        Assert.Equal(["4"], response.User.Values("my.level"));
        Assert.Equal(5, response.User.Claims.Count);
    }

    [Fact]
    public async Task Issuers_header_is_the_issuer_of_every_claim()
    {
        await using ReceivingHost host = await StartWithIssuerAsync();

        RawResponse response = await host.GetAsync(
            "/closed", "X-User-Sub: alice", "X-User-Issuer: https://issuer.example", "X-User-Name: Alice");

        Assert.All(response.User.Claims, claim => Assert.Equal("https://issuer.example", claim.Issuer));
        Assert.Equal(["https://issuer.example"], response.User.Values("iss"));
        Assert.Equal(3, response.User.Claims.Count);
    }

    [Fact]
    public async Task Issuer_that_does_not_come_is_the_schemes_name()
    {
        await using ReceivingHost host = await StartWithIssuerAsync();

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", "X-User-Name: Alice");

        Assert.All(response.User.Claims, claim => Assert.Equal("IdentityHeaders", claim.Issuer));
        Assert.Equal(2, response.User.Claims.Count);
    }

    [Fact]
    public async Task Name_and_roles_are_read_from_the_claim_types_that_are_set()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
        {
            options.NameClaimType = "email";
            options.RoleClaimType = "groups";
            options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated });
        });

        RawResponse admin = await host.GetAsync(
            "/admin", "X-User-Sub: alice", "X-User-Email: alice@example.com", "X-User-Groups: staff,admin");
        RawResponse other = await host.GetAsync("/admin", "X-User-Sub: bob", "X-User-Groups: staff,admin2");

        Assert.Equal("alice@example.com", admin.User.Name);
        Assert.Equal(403, other.Status);
    }

    [Fact]
    public async Task Roles_are_read_from_roles_by_default()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options =>
            options.Headers.Add(new ClaimHeader("X-User-Roles", "roles") { Format = ClaimValueFormat.CommaSeparated }));

        RawResponse admin = await host.GetAsync("/admin", "X-User-Sub: alice", "X-User-Roles: admin");
        RawResponse merged = await host.GetAsync("/admin", "X-User-Sub: bob", "X-User-Roles: staff%2Cadmin");
        RawResponse none = await host.GetAsync("/admin", "X-User-Sub: carol");

        Assert.Equal(["admin"], admin.User.Values("roles"));
        Assert.Equal([403, 403], [merged.Status, none.Status]);
    }

    [Fact]
    public async Task Header_of_no_configured_name_is_no_claim()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", "X-User-Roles: admin", "X-User-Issuer: me");

        Assert.Equal([new ReceivedClaim("sub", "alice", "IdentityHeaders")], response.User.Claims);
    }

    private static Task<ReceivingHost> StartWithIssuerAsync() =>
        ReceivingHost.StartTrustingAsync(options => options.Headers.Add("X-User-Issuer", "iss"));
}
