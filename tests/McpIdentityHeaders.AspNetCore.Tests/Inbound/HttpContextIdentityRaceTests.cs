using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>HttpContext is not for several threads, and its User writes where it finds nothing. Asking for the user must not.</summary>
public sealed class HttpContextIdentityRaceTests
{
    [Fact]
    public async Task Task_that_asks_while_the_request_signs_its_user_in_does_not_sign_the_user_out()
    {
        var held = new AsyncGate();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.Run(async context =>
            {
                context.Features.Set<IHttpAuthenticationFeature>(new SlowUserFeature(held));
                Task<string> asking = Task.Run(() => UserNames.Of(server.Accessor.User));
                await held.Arrived;
                context.User = Users.Named("alice");
                held.Release();
                string asked = await asking;
                await context.Response.WriteAsync($"{asked}, {UserNames.Of(context.User)}, {UserNames.Of(server.Accessor.User)}");
            }));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal("anonymous, alice, alice", await server.GetAsync(client, "/", null));
        }
    }

    [Fact]
    public async Task Reading_an_anonymous_user_writes_nothing_into_the_request()
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.Run(context =>
            {
                string asked = UserNames.Of(server.Accessor.User);
                return context.Response.WriteAsync($"{asked}, {context.Features.Get<IHttpAuthenticationFeature>() is null}");
            }));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal("anonymous, True", await server.GetAsync(client, "/", null));
        }
    }
}
