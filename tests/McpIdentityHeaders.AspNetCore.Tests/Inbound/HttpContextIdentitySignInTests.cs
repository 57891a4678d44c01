using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A user whom the request gets, or loses, while it runs.</summary>
public sealed class HttpContextIdentitySignInTests
{
    [Fact]
    public async Task User_counts_from_where_the_request_has_it()
    {
        List<string> seen = [];
        InboundServer server = null!;
        server = await InboundServer.StartAsync(null, app => app.MapGet("/", async context =>
        {
            Task<string> child = Task.Run(async () =>
            {
                await Task.Yield();
                return UserNames.Of(server.Accessor.User);
            });
            seen.Add(await child);
            context.User = Users.Named("bob");
            seen.Add(UserNames.Of(server.Accessor.User));
            seen.Add(await Task.Run(() => UserNames.Of(server.Accessor.User)));
            context.User = new ClaimsPrincipal();
            seen.Add(UserNames.Of(server.Accessor.User));
            await context.Response.WriteAsync("ok");
        }));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/", "alice");
        }

        Assert.Equal(["alice", "bob", "bob", UserNames.Anonymous], seen);
    }

    [Fact]
    public async Task Task_that_was_started_before_the_sign_in_sees_the_user_after_it()
    {
        var held = new AsyncGate();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.MapGet("/", async context =>
            {
                held.Release();
                await context.Response.WriteAsync(await (Task<string>)context.Items["early"]!);
            }),
            signIn: app => app.Use((context, next) =>
            {
                context.Items["early"] = Task.Run(async () =>
                {
                    string before = UserNames.Of(server.Accessor.User);
                    await held.WaitAsync();
                    return $"{before}, {UserNames.Of(server.Accessor.User)}";
                });
                return SignInWhenAsync(held.Arrived, context, next);
            }));
        await using (server)
        {
            using HttpClient client = server.NewClient();

            Assert.Equal("anonymous, alice", await server.GetAsync(client, "/", "alice"));
        }
    }

    [Fact]
    public async Task Cookie_of_a_sign_in_makes_the_next_requests_the_users()
    {
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services =>
            {
                services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
                services.AddHttpContextIdentity();
            },
            app =>
            {
                app.MapGet("/in", async context =>
                {
                    await context.SignInAsync(Users.Named("alice"));
                    await context.Response.WriteAsync(UserNames.Of(server.Accessor.User));
                });
                app.MapGet("/out", async context =>
                {
                    await context.SignOutAsync();
                    await context.Response.WriteAsync(UserNames.Of(server.Accessor.User));
                });
                app.MapGet("/who", context => context.Response.WriteAsync(UserNames.Of(server.Accessor.User)));
            },
            signIn: app => app.UseAuthentication());
        await using (server)
        {
            using var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() })
            {
                BaseAddress = server.Uri,
            };

            // What the request itself is taken for changes with the next one, as HttpContext.User does.
            string[] seen = [.. await SequenceAsync("/who", "/in", "/who", "/out", "/who")];
            Assert.Equal([UserNames.Anonymous, UserNames.Anonymous, "alice", "alice", UserNames.Anonymous], seen);

            async Task<List<string>> SequenceAsync(params string[] paths)
            {
                List<string> answers = [];
                foreach (string path in paths)
                {
                    answers.Add(await server.GetAsync(client, path, user: null));
                }

                return answers;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Middleware_before_authentication_is_anonymous_and_after_it_the_users(bool authenticates)
    {
        List<string> seen = [];
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            null,
            app => app.MapGet("/", context =>
            {
                seen.Add(UserNames.Of(server.Accessor.User));
                return context.Response.WriteAsync("ok");
            }),
            signIn: app =>
            {
                app.Use(async (context, next) =>
                {
                    seen.Add(UserNames.Of(server.Accessor.User));
                    await next(context);
                    seen.Add(UserNames.Of(server.Accessor.User));
                });
                if (authenticates)
                {
                    app.Use(InboundServer.SignInAsync);
                }
            });
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/", "alice");

            // HTTP/1.1 answers the next only when this one is through.
            await server.GetAsync(client, "/", null);
        }

        string who = authenticates ? "alice" : UserNames.Anonymous;
        Assert.Equal([UserNames.Anonymous, who, who], seen.Take(3));
    }

    [Fact]
    public async Task Middleware_of_a_startup_filter_is_in_the_request_as_well()
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services =>
            {
                services.AddSingleton<IStartupFilter>(new FirstMiddleware((_, next) =>
                {
                    seen.TrySetResult(UserNames.Of(server.Accessor.User));
                    return next();
                }));
                services.AddHttpContextIdentity();
            },
            app => app.MapGet("/", context => context.Response.WriteAsync("ok")));
        await using (server)
        {
            using HttpClient client = server.NewClient();
            await server.GetAsync(client, "/", "alice");
        }

        Assert.Equal(UserNames.Anonymous, await seen.Task);
    }

    private static async Task SignInWhenAsync(Task arrived, HttpContext context, RequestDelegate next)
    {
        await arrived;
        await InboundServer.SignInAsync(context, next);
    }
}
