using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Requests of users, of forgers and of anonymous callers that share connections: each is judged by its own headers.</summary>
public sealed class ConcurrentRequestTests
{
    private const string Secret = "0123456789abcdef";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_on_shared_connections_are_each_their_own_users(bool http2)
    {
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(options =>
            {
                options.SharedSecrets.Add(new SharedSecret("X-Gateway-Secret", Secret));
                options.RemoveIdentityHeaders = true;
            }),
            map: app => app.MapGet("/left", async (HttpContext context) =>
            {
                await Task.Yield();
                IEnumerable<string> names = context.Request.Headers.Keys.Select(name => name.ToUpperInvariant());
                return Results.Json(new Seen(UserNames.Of(context.User), string.Join(' ', names.Where(name => name.StartsWith('X')))));
            }));
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 4, UseCookies = false });
        client.BaseAddress = http2 ? host.Http2Uri : host.Uri;

        Caller[] callers = Enum.GetValues<Caller>();
        await Task.WhenAll(Enumerable.Range(0, 400).Select(
            number => AssertJudgedAsync(client, http2, callers[number % callers.Length], $"user{number}")));

        Assert.Equal(
            [("accepted", 100), ("malformed", 100), ("untrusted_peer", 100)],
            host.Outcomes.CountBy(outcome => outcome).Select(count => (count.Key, count.Value)).Order());
    }

    private static async Task AssertJudgedAsync(HttpClient client, bool http2, Caller caller, string user)
    {
        using HttpRequestMessage request = new HttpRequestMessage(HttpMethod.Get, "/left")
        {
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        }.WithHeader("X-Kept", "1");
        if (caller != Caller.Anonymous)
        {
            request.WithHeader(caller == Caller.Alias ? "X_User_Sub" : "X-User-Sub", user)
                .WithHeader("X-Gateway-Secret", caller == Caller.Stranger ? "guessed" : Secret);
        }

        using HttpResponseMessage response = await client.SendAsync(request);

        switch (caller)
        {
            case Caller.Stranger:
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
                break;
            case Caller.Alias:
                Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
                break;
            default:
                var expected = new Seen(caller == Caller.User ? user : "anonymous", "X-KEPT");
                Assert.Equal(expected, await response.Content.ReadFromJsonAsync<Seen>());
                break;
        }
    }

    private enum Caller
    {
        User,
        Anonymous,
        Stranger,
        Alias,
    }

    private sealed record Seen(string User, string Left);
}
