using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>What tells one user's sessions from another's, against a backend that binds each session to the user that opened it.</summary>
public sealed class SessionKeyTests
{
    [Theory]
    [InlineData("impersonated_sub")]
    [InlineData("upn")]
    [InlineData("oid")]
    [InlineData(ClaimTypes.Name)]
    public async Task Configured_subject_has_a_session_of_its_own(string claimType)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, PoolTesting.SignInByHeaderAsync);
        await using ServiceProvider services = McpTesting.ServicesFor(backend, http => http.AddClaimInjection(options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add(claimType);
        })).BuildServiceProvider();

        await services.CallForAsync(Users.With(("sub", "support"), (claimType, "CONTOSO\\alice")));
        await services.CallForAsync(Users.With(("sub", "support"), (claimType, "CONTOSO\\bob")));
        await services.CallForAsync(Users.With(("sub", "another"), (claimType, "CONTOSO\\alice")));

        Assert.Equal(["CONTOSO\\alice", "CONTOSO\\bob", "CONTOSO\\alice"], backend.Calls().Select(call => call.Subject));
        Assert.Equal(2, backend.Calls().Select(call => call.Headers["Mcp-Session-Id"]).Distinct().Count());
        await services.Pool().CloseAsync(Users.With((claimType, "CONTOSO\\bob")));
        Assert.Equal("CONTOSO\\bob", Assert.Single(backend.Exchanges, exchange => exchange.Http == "DELETE").Subject);
    }

    [Fact]
    public async Task User_without_the_configured_subject_is_refused_with_the_claim_type_to_keep()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend, http => http.AddClaimInjection(options =>
        {
            options.SubjectClaimTypes.Clear();
            options.SubjectClaimTypes.Add("oid");
        })).BuildServiceProvider();

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(Users.Alice));

        Assert.Equal(ClaimInjectionErrorReason.NoSubject, refused.Reason);
        Assert.Contains("'oid'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Each_combination_of_key_claims_has_a_session_and_no_other_has()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool =>
            {
                pool.SessionKeyClaimTypes.Add("org_id");
                pool.SessionKeyClaimTypes.Add("tid");
            })
            .BuildServiceProvider();
        ClaimsPrincipal[] users =
        [
            Alice(("org_id", "1")),
            Alice(("tid", "1")),
            Alice(),
            Alice(("org_id", "1"), ("tid", "1")),
            Alice(("org_id", "1"), ("org_id", "2")),
            Alice(("org_id", "12")), Alice(("org_id", "1;1:2")),
            Alice(("org_id", "a"), ("org_id", "bc")), Alice(("org_id", "ab"), ("org_id", "c")),
        ];

        foreach (ClaimsPrincipal user in users)
        {
            await services.CallForAsync(user);
        }

        await services.CallForAsync(Alice(("role", "other"), ("org_id", "1")));
        await services.CallForAsync(Alice(("org_id", "2"), ("org_id", "1")));

        string[] sessions = [.. backend.Calls().Select(call => call.Headers["Mcp-Session-Id"])];
        Assert.Equal(users.Length, sessions.Distinct().Count());
        Assert.Equal((sessions[0], sessions[4]), (sessions[^2], sessions[^1]));
    }

    [Fact]
    public async Task Lease_of_one_organisation_refuses_the_same_user_of_another()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).ConfigurePool(pool => pool.SessionKeyClaimTypes.Add("org_id")).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Alice(("org_id", "1")));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(
            () => AmbientIdentity.RunAsync(Alice(("org_id", "2")), () => lease.Client.CallTextAsync("ping")));

        Assert.Equal(ClaimInjectionErrorReason.OtherUser, refused.Reason);
        Assert.Empty(backend.Calls());
    }

    [Fact]
    public async Task Sign_out_closes_the_users_sessions_of_all_combinations()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services =
            McpTesting.ServicesFor(backend).ConfigurePool(pool => pool.SessionKeyClaimTypes.Add("org_id")).BuildServiceProvider();
        await services.CallForAsync(Alice(("org_id", "1")));
        await services.CallForAsync(Alice(("org_id", "2")));
        await services.CallForAsync(Users.Bob);

        await services.Pool().CloseAsync(Alice());

        Assert.Equal(
            ["alice", "alice"], backend.Exchanges.Where(exchange => exchange.Http == "DELETE").Select(exchange => exchange.Subject));
    }

    private static ClaimsPrincipal Alice(params (string Type, string Value)[] claims) => Users.With([("sub", "alice"), .. claims]);
}
