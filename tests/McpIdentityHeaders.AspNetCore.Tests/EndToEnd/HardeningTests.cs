using System.Net;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What a browser, a backend or a wrong name could make the gateway do.</summary>
public sealed class HardeningTests
{
    [Theory]
    [InlineData("https://gateway.example", HttpStatusCode.OK)]
    [InlineData("https://app.example", HttpStatusCode.OK)]
    [InlineData("https://app.example:8443", HttpStatusCode.Forbidden)]
    [InlineData("http://app.example", HttpStatusCode.Forbidden)]
    [InlineData("https://mallory.example", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:6274", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    public async Task Web_page_is_served_if_its_origin_is_allowed(string origin, HttpStatusCode expected)
    {
        await using Deployment deployment = await Deployment.StartAsync([("AllowedOrigins:0", "https://app.example")]);
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);

        HttpStatusCode status = await RawInitialize.SendAsync(
            deployment.Gateway.Endpoint, ("Origin", origin), ("Authorization", $"Bearer {token}"));

        Assert.Equal(expected, status);
    }

    [Theory, InlineData("https://app.example/path"), InlineData("app.example"), InlineData("*")]
    public async Task Setting_that_is_no_origin_is_an_error(string origin)
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Deployment.StartAsync([("AllowedOrigins:0", origin)]));

        Assert.Contains("such as 'https://app.example.com'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_host_than_the_allowed_is_refused()
    {
        await using Deployment deployment = await Deployment.StartAsync([("AllowedHosts", "gateway.example")]);
        string token = await deployment.Oidc.IssueTokenAsync(OidcUser.Alice);
        (string Name, string Value) authorization = ("Authorization", $"Bearer {token}");

        Assert.Equal(
            HttpStatusCode.OK, await RawInitialize.SendAsync(deployment.Gateway.Endpoint, ("Host", "gateway.example"), authorization));
        Assert.Equal(
            HttpStatusCode.BadRequest,
            await RawInitialize.SendAsync(deployment.Gateway.Endpoint, ("Host", "mallory.example"), authorization));
    }

    [Fact]
    public async Task Health_check_follows_no_redirect_of_a_backend()
    {
        await using RunningApp inside = await BareBackend.StartAsync(_ => Task.CompletedTask);
        await using RunningApp backend = await BareBackend.StartAsync(context =>
        {
            context.Response.Redirect(inside.Uri.ToString());
            return Task.CompletedTask;
        });
        await using Deployment deployment = await Deployment.StartAsync(others: ("leading", backend.Endpoint));
        using var client = new HttpClient();

        using HttpResponseMessage response = await client.GetAsync(new Uri(deployment.Gateway.Uri, "/health"));

        Assert.Equal("Healthy", await response.Content.ReadAsStringAsync());
        Assert.NotEmpty(backend.Exchanges);
        Assert.Empty(inside.Exchanges);
    }

    [Fact]
    public async Task Gateway_without_a_url_of_its_own_does_not_start()
    {
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Deployment.StartAsync([("Oidc:Audience", "api://gateway")]));

        Assert.Contains("PublicUrl has to be the URL", error.Message, StringComparison.Ordinal);
    }
}
