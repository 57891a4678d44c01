using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Blazor Server: the circuit's user is the user of what its components call.</summary>
public sealed class BlazorTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Component_calls_as_the_user_of_its_circuit(bool hasHandler)
    {
        var seen = Channel.CreateUnbounded<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using InboundServer server = await StartAsync(backend, seen, hasHandler);
        using HttpClient browser = server.NewClient();

        foreach (string user in new[] { "alice", "bob" })
        {
            string expected = hasHandler ? user : "anonymous";
            await using CircuitClient circuit = await CircuitClient.OpenAsync(server.Uri, await server.GetAsync(browser, "/", user), user);
            Assert.Equal($"shown {expected}", await ReadAsync(seen));

            await circuit.NavigateAsync("/?first");
            Assert.Equal($"?first {expected}", await ReadAsync(seen));

            await circuit.CallBackAsync();
            Assert.Equal($"called back {expected}", await ReadAsync(seen));
        }
    }

    [Fact]
    public async Task Circuit_that_was_reconnected_calls_as_its_user_whoever_calls_between()
    {
        var seen = Channel.CreateUnbounded<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using InboundServer server = await StartAsync(backend, seen, hasHandler: true);
        using HttpClient browser = server.NewClient();
        await using CircuitClient alices = await CircuitClient.OpenAsync(server.Uri, await server.GetAsync(browser, "/", "alice"), "alice");
        Assert.Equal("shown alice", await ReadAsync(seen));
        await using CircuitClient bobs = await CircuitClient.OpenAsync(server.Uri, await server.GetAsync(browser, "/", "bob"), "bob");
        Assert.Equal("shown bob", await ReadAsync(seen));

        foreach ((CircuitClient circuit, string user) in new[] { (alices, "alice"), (bobs, "bob"), (alices, "alice") })
        {
            await circuit.ReconnectAsync();
            await circuit.CallBackAsync();
            Assert.Equal($"called back {user}", await ReadAsync(seen));
            await circuit.NavigateAsync("/?again");
            Assert.Equal($"?again {user}", await ReadAsync(seen));
        }
    }

    [Fact]
    public async Task Event_of_another_users_circuit_is_shown_as_the_components_own_user()
    {
        var seen = Channel.CreateUnbounded<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using InboundServer server = await StartAsync(backend, seen, hasHandler: true);
        using HttpClient browser = server.NewClient();
        List<CircuitClient> circuits = [];
        foreach (string user in new[] { "alice", "bob" })
        {
            circuits.Add(await CircuitClient.OpenAsync(server.Uri, await server.GetAsync(browser, "/", user), user));
            Assert.Equal($"shown {user}", await ReadAsync(seen));
            await circuits[^1].CallBackAsync();
            Assert.Equal($"called back {user}", await ReadAsync(seen));
        }

        await circuits[1].CallBackAsync(nameof(NotesPage.AddNote));

        string[] shown = [await ReadAsync(seen), await ReadAsync(seen)];
        Assert.Equal(["added by bob, shown to alice", "added by bob, shown to bob"], shown.Order());
        foreach (CircuitClient circuit in circuits)
        {
            await circuit.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Prerendered_page_is_shown_as_the_requests_user_and_then_as_the_circuits(bool hasHttpContextIdentity)
    {
        var seen = Channel.CreateUnbounded<string>();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using InboundServer server = await StartAsync(backend, seen, hasHandler: true, hasHttpContextIdentity);
        using HttpClient browser = server.NewClient();

        foreach (string user in new[] { "alice", "bob" })
        {
            string page = await server.GetAsync(browser, "/prerendered", user);
            Assert.Equal($"shown {(hasHttpContextIdentity ? user : "anonymous")}", await ReadAsync(seen));
            await using CircuitClient circuit = await CircuitClient.OpenAsync(server.Uri, page, user);
            Assert.Equal($"shown {user}", await ReadAsync(seen));
            await circuit.CallBackAsync();
            Assert.Equal($"called back {user}", await ReadAsync(seen));
        }
    }

    private static Task<InboundServer> StartAsync(
        McpBackend backend, Channel<string> seen, bool hasHandler, bool hasHttpContextIdentity = false) => InboundServer.StartAsync(
        services =>
        {
            if (hasHttpContextIdentity)
            {
                services.AddHttpContextIdentity();
            }

            services.AddSingleton<NotesFeed>();
            services.AddScoped<CircuitUser>();
            services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
            services.AddSingleton<Notes>();
            services.AddSingleton(seen);
            services.AddRazorComponents().AddInteractiveServerComponents();
            if (!hasHandler)
            {
                return;
            }

            // <snippet>
            services.AddScoped<CircuitHandler, IdentityCircuitHandler>();
            // </snippet>
        },
        app =>
        {
            app.UseAntiforgery();
            app.MapRazorComponents<NotesApp>().AddInteractiveServerRenderMode();
        });

    private static async Task<string> ReadAsync(Channel<string> seen)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await seen.Reader.ReadAsync(patience.Token);
    }
}
