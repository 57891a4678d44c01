using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>Verifiers that know nothing of this library accept its assertions, each for its own audience alone.</summary>
public sealed class AssertionVerifierTests
{
    private const string VerifyWithPyJwt = """
        import sys, jwt
        keys, issuer, audience, token = sys.argv[1:]
        key = jwt.PyJWKClient(keys).get_signing_key_from_jwt(token).key
        try:
            print("accepted", jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=issuer)["sub"])
        except jwt.InvalidTokenError as error:
            print("refused", type(error).__name__)
        """;

    [TypeScriptBackendTheory]
    [InlineData(TypeScriptBackend.Audience, true)]
    [InlineData("https://other.example.com", false)]
    public async Task TypeScript_backend_verifies_with_jose(string audience, bool isAccepted)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        await using TypeScriptBackend backend = await TypeScriptBackend.StartAsync(hosts.Issuer);
        await using ServiceProvider services = NewSender(hosts, backend.Endpoint, audience);
        var pool = services.GetRequiredService<IMcpClientPool>();
        using IdentityScope scope = AmbientIdentity.Use(Users.With(("sub", "alice"), ("email", "alice@example.com")));

        if (isAccepted)
        {
            await using McpClientLease lease = await pool.RentAsync("backend");
            Assert.Equal("alice alice@example.com", await lease.Client.CallTextAsync("whoami"));
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await pool.RentAsync("backend"));
            Assert.Equal("refused: ERR_JWT_CLAIM_VALIDATION_FAILED", await backend.WaitForRefusalAsync());
        }
    }

    [PyJwtTheory]
    [InlineData("https://python.example.com", "accepted alice")]
    [InlineData("https://other.example.com", "refused InvalidAudienceError")]
    public async Task Python_verifies_with_PyJWT(string audience, string expected)
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync();
        await using WireServer wire = await WireServer.StartAsync();
        await using ServiceProvider services = NewSender(hosts, wire.Uri, audience);
        using HttpClient http = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using IdentityScope scope = AmbientIdentity.Use(Users.Alice);
        using HttpResponseMessage response = await http.GetAsync(wire.Uri);
        string token = Assert.Single(wire.OnlyHead.Identity, header => header.Key == AssertionHosts.Header).Value;

        await using ChildProcess python = ChildProcess.Start(
            PyJwtTheoryAttribute.Python,
            "-c",
            VerifyWithPyJwt,
            new Uri(hosts.Issuer, "/.well-known/jwks.json").ToString(),
            AssertionHosts.NameOf(hosts.Issuer),
            "https://python.example.com",
            token);

        Assert.Equal(expected, await python.WaitForAsync(line => line));
    }

    private static ServiceProvider NewSender(AssertionHosts hosts, Uri endpoint, string audience)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", endpoint).AddIdentityAssertion(options =>
        {
            options.Issuer = AssertionHosts.NameOf(hosts.Issuer);
            options.Audience = audience;
            options.Keys.Add(new SigningCredentials(new ECDsaSecurityKey(hosts.Key), SecurityAlgorithms.EcdsaSha256));
        });
        return services.BuildServiceProvider();
    }
}
