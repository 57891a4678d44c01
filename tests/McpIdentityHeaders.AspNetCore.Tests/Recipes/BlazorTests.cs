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
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
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
        using HttpClient browser = server.NewClient();

        foreach (string user in new[] { "alice", "bob" })
        {
            string expected = hasHandler ? user : "anonymous";
            await using CircuitClient circuit = await CircuitClient.OpenAsync(server.Uri, await server.GetAsync(browser, "/", user), user);
            Assert.Equal($"shown {expected}", await ReadAsync(seen));

            await circuit.NavigateAsync("/?first");
            Assert.Equal($"?first {expected}", await ReadAsync(seen));
        }
    }

    private static async Task<string> ReadAsync(Channel<string> seen)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await seen.Reader.ReadAsync(patience.Token);
    }
}
