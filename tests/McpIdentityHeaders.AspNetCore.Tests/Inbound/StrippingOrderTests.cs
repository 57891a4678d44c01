using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>What an outsider claims is gone before anything reads it, and goes nowhere.</summary>
public sealed class StrippingOrderTests
{
    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "mallory")]
    public async Task Authentication_and_endpoints_never_see_what_is_stripped(bool strips, string expected)
    {
        string? byAuthentication = null;
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
                StrippingServer.AddClients(services);
                services.AddAuthentication("headers").AddScheme<AuthenticationSchemeOptions, HeaderReadingHandler>("headers", null);
                services.AddSingleton(new HeaderReadingHandler.Seen(value => byAuthentication = value));
            },
            app => app.MapGet("/", context => context.Response.WriteAsync(context.Request.Headers["X_User_Sub"].ToString())),
            signIn: app =>
            {
                if (strips)
                {
                    app.UseIdentityHeaderStripping();
                }

                app.UseAuthentication();
            });
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request = server.NewRequest("/").WithHeader("X_User_Sub", "mallory");

        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
        Assert.Equal(expected, byAuthentication);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Gateway_that_copies_headers_sends_no_forged_ones_though_it_forwards(bool strips, bool http2)
    {
        await using WireServer backend = await WireServer.StartAsync();
        InboundServer server = null!;
        server = await InboundServer.StartAsync(
            services => services.AddHttpClient("backend").AddClaimInjection(options =>
            {
                options.TrustedOrigins.Add(backend.Uri);
                options.MissingIdentity = MissingIdentityBehavior.Forward;
                options.SharedSecret = new SharedSecret("X-Gateway-Secret", StrippingServer.Secret);
            }),
            app =>
            {
                if (strips)
                {
                    app.UseIdentityHeaderStripping();
                }

                app.Run(context => CopyAsync(context, server.Services, backend.Uri));
            },
            http2);
        await using (server)
        {
            using HttpClient client = server.NewClient();
            using HttpRequestMessage request = server.NewRequest("/")
                .WithHeader("X-User-Sub", "mallory")
                .WithHeader("x_user_email", "m@example.test")
                .WithHeader("X-Gateway-Secret", "guessed")
                .WithHeader("X-Kept", "1");
            using HttpResponseMessage response = await client.SendAsync(request);
            Assert.Equal("ok", await response.Content.ReadAsStringAsync());
        }

        RawHead head = backend.OnlyHead;
        Assert.Equal(["1"], head.Values("X-Kept"));
        Assert.Equal(strips ? [] : ["m@example.test", "mallory"], head.Identity.Select(header => header.Value).Order());
        Assert.Equal(strips ? [] : ["guessed"], head.Values("X-Gateway-Secret"));
    }

    /// <summary>As a reverse proxy does it.</summary>
    private static async Task CopyAsync(HttpContext context, IServiceProvider services, Uri backend)
    {
        using HttpClient http = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");
        using var copy = new HttpRequestMessage(HttpMethod.Get, backend);
        foreach (KeyValuePair<string, StringValues> header in context.Request.Headers
            .Where(header => header.Key is not "Host" and not "Connection" && header.Key[0] != ':'))
        {
            Assert.True(copy.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value));
        }

        using HttpResponseMessage response = await http.SendAsync(copy);
        await context.Response.WriteAsync(await response.Content.ReadAsStringAsync());
    }
}
