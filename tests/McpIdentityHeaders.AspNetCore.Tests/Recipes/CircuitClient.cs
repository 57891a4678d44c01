using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The browser's half of a Blazor Server circuit, over its real hub.</summary>
internal sealed partial class CircuitClient : IAsyncDisposable
{
    // The one protocol that the hub speaks; the framework has it for browsers only.
    private const string Protocol = "Microsoft.AspNetCore.Components.Server.BlazorPack.BlazorPackHubProtocol";

    private readonly HubConnection _connection;
    private readonly Uri _server;

    private CircuitClient(HubConnection connection, Uri server)
    {
        _connection = connection;
        _server = server;
    }

    /// <param name="server">The application.</param>
    /// <param name="page">Its page as it was fetched, with the component to run.</param>
    /// <param name="user">The user.</param>
    public static async Task<CircuitClient> OpenAsync(Uri server, string page, string user)
    {
        IHubConnectionBuilder builder = new HubConnectionBuilder()
            .WithUrl(new Uri(server, "/_blazor"), options => options.Headers["Authorization"] = user);
        Type protocol = typeof(CircuitHandler).Assembly.GetType(Protocol, throwOnError: true)!;
        builder.Services.AddSingleton((IHubProtocol)Activator.CreateInstance(protocol)!);
        HubConnection connection = builder.Build();
        connection.On<int, byte[]>("JS.RenderBatch", (batch, _) => connection.SendAsync("OnRenderCompleted", (long)batch, null as string));
        await connection.StartAsync();

        string components = $"[{Marker().Match(page).Groups["component"].Value}]";
        string uri = server.ToString();
        Assert.NotNull(await connection.InvokeAsync<string>("StartCircuit", uri, uri, components, string.Empty));
        return new CircuitClient(connection, server);
    }

    public Task NavigateAsync(string query) =>
        _connection.SendAsync("OnLocationChanged", new Uri(_server, query).ToString(), null as string, false);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [GeneratedRegex("<!--Blazor:(?<component>{.*?})-->")]
    private static partial Regex Marker();
}
