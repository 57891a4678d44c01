using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.Assertions.Tests.Signing;

/// <summary>What an assertion says, and who gets one.</summary>
public sealed class AssertionTests
{
    private static ClaimsPrincipal Alice =>
        Users.With(("sub", "alice"), ("email", "alice@example.com"), ("name", "Älice \r\n X"), ("groups", "a,b"), ("groups", "c"));

    [Theory, InlineData(true), InlineData(false)]
    public async Task Assertion_says_what_the_headers_say(bool synchronous)
    {
        await using AssertingClient client = AssertingClient.For(
            Alice,
            options => options.Actor = "gateway",
            injection => injection.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated }));

        await client.SendAsync(synchronous: synchronous);

        JsonWebToken token = await client.ReadAsync(client.Token);
        Assert.Equal(
            ("user-assertion+jwt", "ES256", "alice", "alice@example.com", "Älice \r\n X"),
            (token.Typ, token.Alg, token.Subject, token.GetPayloadValue<string>("email"), token.GetPayloadValue<string>("name")));
        Assert.Equal(["a,b", "c"], token.GetPayloadValue<string[]>("groups"));
        Assert.Equal("""{"sub":"gateway"}""", token.GetPayloadValue<JsonElement>("act").GetRawText());
        Assert.Equal(["https://notes.example.com"], token.Audiences);
        DateTime now = client.Time.GetUtcNow().UtcDateTime;
        Assert.Equal((now, now, now.AddSeconds(60)), (token.IssuedAt, token.ValidFrom, token.ValidTo));
        Assert.Equal(22, token.Id.Length);
        Assert.Equal(["alice"], client.Backend.Only.Values("X-User-Sub"));
        Assert.Equal(["a%2Cb,c"], client.Backend.Only.Values("X-User-Groups"));
    }

    [Fact]
    public async Task Replaced_headers_are_not_sent_and_still_stripped()
    {
        await using AssertingClient client = AssertingClient.For(Alice, options => options.ReplaceHeaders = true);

        await client.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("X_User_Sub", "mallory"));

        Assert.StartsWith("X-User-Assertion: ", Assert.Single(client.Backend.Only.Identity), StringComparison.Ordinal);
        Assert.Equal("alice", (await client.ReadAsync(client.Token)).Subject);
    }

    [Fact]
    public async Task Connection_header_of_the_caller_cannot_have_it_dropped()
    {
        await using AssertingClient client = AssertingClient.For(Alice);

        await client.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("Connection", "X-Hop, X_User_Assertion"));

        Assert.Equal(["X-Hop"], client.Backend.Only.Values("Connection"));
        Assert.NotEmpty(client.Token);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Anonymous_user_has_no_assertion_and_keeps_none_of_the_callers(bool replaceHeaders)
    {
        await using AssertingClient client = AssertingClient.For(Users.Anonymous, options => options.ReplaceHeaders = replaceHeaders);

        await client.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("X.User.Assertion", "forged"));

        Assert.Empty(client.Backend.Only.Identity);
    }

    [Fact]
    public async Task Unknown_user_has_no_assertion()
    {
        await using AssertingClient client = AssertingClient.For(user: null);

        await client.SendAsync();

        Assert.Empty(client.Backend.Only.Identity);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Origin_that_is_not_named_gets_no_assertion(bool anyOrigin)
    {
        await using AssertingClient client = AssertingClient.For(Alice, injection: options => options.AllowAnyOrigin = anyOrigin);

        await client.SendAsync(HttpTesting.Post("https://other.example.com/mcp").WithHeader("X-User-Assertion", "forged"));

        Assert.False(client.Backend.Only.Has("X-User-Assertion"));
    }

    [Fact]
    public async Task Callers_request_and_its_response_show_no_assertion()
    {
        await using AssertingClient client = AssertingClient.For(Alice);
        HttpRequestMessage request = HttpTesting.Post(AssertingClient.Endpoint.ToString());

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Same(request, response.RequestMessage);
        Assert.False(request.Headers.Contains("X-User-Assertion"));
        Assert.NotEmpty(client.Token);
    }

    [Fact]
    public async Task Authorization_header_carries_the_assertion_on_request()
    {
        await using AssertingClient client = AssertingClient.For(Alice, options => options.UseAuthorizationHeader = true);

        await client.SendAsync();

        string authorization = Assert.Single(client.Backend.Only.Values("Authorization"));
        Assert.StartsWith("Bearer ", authorization, StringComparison.Ordinal);
        Assert.Equal("alice", (await client.ReadAsync(authorization["Bearer ".Length..])).Subject);
        Assert.False(client.Backend.Only.Has("X-User-Assertion"));
    }

    [Fact]
    public async Task Authorization_header_of_another_handler_is_not_replaced()
    {
        await using AssertingClient client = AssertingClient.For(Alice, options => options.UseAuthorizationHeader = true);

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() =>
            client.SendAsync(HttpTesting.Post(AssertingClient.Endpoint.ToString()).WithHeader("Authorization", "Bearer other")));

        Assert.Equal(ClaimInjectionErrorReason.AssertionFailed, error.Reason);
        Assert.Contains("UseAuthorizationHeader", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Fact]
    public async Task User_without_a_subject_is_refused()
    {
        await using AssertingClient client = AssertingClient.For(Users.With(("email", "alice@example.com")));

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Equal(ClaimInjectionErrorReason.NoSubject, error.Reason);
        Assert.DoesNotContain("alice", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Fact]
    public async Task Assertion_that_is_too_large_is_refused()
    {
        await using AssertingClient client = AssertingClient.For(
            Users.With(("sub", "alice"), ("name", new string('x', 400))), options => options.MaxTokenLength = 256);

        var error = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync());

        Assert.Contains("MaxTokenLength", error.Message, StringComparison.Ordinal);
        Assert.Empty(client.Backend.Requests);
    }

    [Fact]
    public async Task Redirect_within_the_origin_carries_an_assertion_and_none_leaves_it()
    {
        await using AssertingClient client = AssertingClient.For(Alice, respond: request => request.RequestUri!.AbsolutePath switch
        {
            "/mcp" => Redirect("/next"),
            _ => Redirect("https://evil.example.com/"),
        });

        using HttpResponseMessage response = await client.SendAsync();

        Assert.Equal(["/mcp", "/next"], client.Backend.Requests.Select(request => request.Uri!.AbsolutePath));
        Assert.All(client.Backend.Requests, request => Assert.True(request.Has("X-User-Assertion")));
    }

    [Fact]
    public async Task Name_of_the_header_is_redacted_in_logs()
    {
        await using AssertingClient client = AssertingClient.For(Alice);

        await client.SendAsync();

        Assert.DoesNotContain(client.Logs.GetSnapshot(), record => record.Message.Contains(client.Token, StringComparison.Ordinal));
        Assert.Contains(
            client.Logs.GetSnapshot(),
            record => record.Level == LogLevel.Warning && record.Message.Contains("development key", StringComparison.Ordinal));
    }

    private static HttpResponseMessage Redirect(string location) => new(System.Net.HttpStatusCode.TemporaryRedirect)
    {
        Headers = { Location = new Uri(location, UriKind.RelativeOrAbsolute) },
    };
}
