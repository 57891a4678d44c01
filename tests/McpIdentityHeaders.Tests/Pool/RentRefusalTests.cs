using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Refused rents: their errors name the fix, and nothing is sent.</summary>
public sealed class RentRefusalTests
{
    private static ClaimsPrincipal AliceAndBob => new([Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "bob"))]);

    [Theory]
    [InlineData(McpBackendKind.Sessions)]
    [InlineData(McpBackendKind.Stateless)]
    public async Task Signed_in_user_without_a_subject_is_refused_with_the_claims_to_keep(McpBackendKind kind)
    {
        await using McpBackend backend = await McpBackend.StartAsync(kind);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        ClaimsPrincipal user = Users.With(("email", "alice@home.example"), ("sub", " "));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(user));

        Assert.Equal(
            "MCP client 'backend': no session was rented: the signed-in user has no subject, which is looked for under 'sub', '"
            + ClaimTypes.NameIdentifier + "'. Have the sign-in keep one of these claims, or set ClaimInjectionOptions.SubjectClaimTypes.",
            error.Message);
        Assert.DoesNotContain("alice", error.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Principal_of_two_subjects_is_refused_with_the_option_to_set()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(AliceAndBob));

        Assert.Equal(
            "MCP client 'backend': no session was rented: the principal has authenticated identities of different subjects or "
            + "issuers, and none of them is selected as the user. Set ClaimInjectionOptions.SelectIdentity.",
            error.Message);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Principal_of_two_subjects_shares_the_session_that_SelectIdentity_chooses()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.SelectIdentity = said => said.Identities.Last()))
            .BuildServiceProvider();
        await using McpClientLease alices = await services.RentForAsync(Users.Alice);
        await using McpClientLease bobs = await services.RentForAsync(Users.Bob);

        await using McpClientLease chosen = await services.RentForAsync(AliceAndBob);

        Assert.Same(bobs.Pooled(), chosen.Pooled());
        Assert.NotSame(alices.Pooled(), chosen.Pooled());
        Assert.Equal("bob", await AmbientIdentity.RunAsync(AliceAndBob, () => chosen.Client.CallTextAsync("whoami")));
    }

    [Fact]
    public async Task Principal_of_two_subjects_is_refused_where_SelectIdentity_chooses_none()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, http => http.AddClaimInjection(options => options.SelectIdentity = _ => null))
            .BuildServiceProvider();

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => services.RentForAsync(AliceAndBob));

        Assert.Equal(
            "MCP client 'backend': no session was rented: ClaimInjectionOptions.SelectIdentity chose none of the principal's identities.",
            error.Message);
        Assert.Empty(backend.Exchanges);
    }

    [Fact]
    public async Task Unregistered_name_is_refused_with_the_call_to_make()
    {
        await using ServiceProvider services = Services();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => services.Pool().RentAsync("unknown").AsTask());

        Assert.StartsWith(
            "No MCP client named 'unknown' is registered. Call services.AddMcpClient(\"unknown\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task Empty_name_is_an_argument_error(string? name)
    {
        await using ServiceProvider services = Services();

        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => services.Pool().RentAsync(name!).AsTask());

        Assert.Equal("name", error.ParamName);
    }

    [Fact]
    public async Task Cancelled_token_throws_before_anything_is_sent()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => services.RentForAsync(Users.Alice, new CancellationToken(canceled: true)));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
        Assert.Single(backend.Exchanges, exchange => exchange.Rpc == "initialize");
    }

    [Fact]
    public async Task Cancelled_token_throws_where_the_session_is_open()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await services.CallForAsync(Users.Alice);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => services.RentForAsync(Users.Alice, new CancellationToken(canceled: true)));

        Assert.Equal("alice", await services.CallForAsync(Users.Alice));
    }

    private static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        services.AddMcpClient(McpTesting.ClientName, new Uri("http://localhost/mcp")).AddClaimInjection();
        return services.BuildServiceProvider();
    }
}
