using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>What the framework decides by a request's headers, behind stripping: a forged one decides nothing.</summary>
public sealed class ForgedHeaderTests
{
    [Theory]
    [InlineData("X-User-Sub")]
    [InlineData("X_User_Sub")]
    public async Task Endpoint_is_chosen_by_no_forged_header(string name)
    {
        await using InboundServer server = await StartAsync(
            services => HeaderSelectorPolicy.AddTo(services, name), app => HeaderSelectorPolicy.Map(app, "/version", "mallory"));

        Assert.Equal("default", await GetAsync(server, "/version", name, "mallory"));
    }

    [Fact]
    public async Task Parameter_of_an_endpoint_is_bound_to_no_forged_header()
    {
        await using InboundServer server = await StartAsync(map: app => app.MapGet("/bound", (
            [FromHeader(Name = "X-User-Sub")] string? subject, [FromHeader(Name = "X_User_Email")] string? email) => $"{subject}|{email}"));

        Assert.Equal("|", await GetAsync(server, "/bound", "X-User-Sub", "mallory"));
        Assert.Equal("|", await GetAsync(server, "/bound", "X_User_Email", "mallory"));
    }

    [Fact]
    public async Task Rate_limit_is_escaped_by_no_forged_header()
    {
        await using InboundServer server = await StartAsync(
            services => services.AddRateLimiter(options => options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(
                context => RateLimitPartition.GetFixedWindowLimiter(
                    context.Request.Headers["X-User-Sub"].ToString(),
                    _ => new FixedWindowRateLimiterOptions { PermitLimit = 1, Window = TimeSpan.FromHours(1) }))),
            app =>
            {
                app.UseRateLimiter();
                app.MapGet("/limited", () => "ok");
            });

        Assert.Equal("ok", await GetAsync(server, "/limited", "X-User-Sub", "one"));
        Assert.Equal("503", await GetAsync(server, "/limited", "X-User-Sub", "another"));
    }

    [Fact]
    public async Task Entry_of_a_cache_is_chosen_by_no_forged_header()
    {
        int calls = 0;
        await using InboundServer server = await StartAsync(
            services => services.AddOutputCache(),
            app =>
            {
                app.UseOutputCache();
                app.MapGet("/cached", () => $"{Interlocked.Increment(ref calls)}")
                    .CacheOutput(policy => policy.SetVaryByHeader("X-User-Sub", "X_User_Sub"));
            });

        Assert.Equal("1", await GetAsync(server, "/cached", "X-User-Sub", "one"));
        Assert.Equal("1", await GetAsync(server, "/cached", "X_User_Sub", "another"));
    }

    private static Task<InboundServer> StartAsync(Action<IServiceCollection>? services = null, Action<WebApplication>? map = null) =>
        InboundServer.StartAsync(
            made =>
            {
                StrippingServer.AddClients(made);
                services?.Invoke(made);
            },
            app => map?.Invoke(app),
            signIn: app => app.UseIdentityHeaderStripping().UseRouting());

    /// <summary>Gets the body, or the status of a refusal.</summary>
    private static async Task<string> GetAsync(InboundServer server, string path, string name, string value)
    {
        using HttpClient client = server.NewClient();
        using HttpRequestMessage request = server.NewRequest(path).WithHeader(name, value);
        using HttpResponseMessage response = await client.SendAsync(request);
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : $"{(int)response.StatusCode}";
    }
}
