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

    private readonly Uri _server;
    private readonly string _user;
    private readonly string _circuit;
    private HubConnection _connection;

    private CircuitClient(HubConnection connection, Uri server, string user, string circuit)
    {
        _connection = connection;
        _server = server;
        _user = user;
        _circuit = circuit;
    }

    /// <param name="server">The application.</param>
    /// <param name="page">Its page as it was fetched, with the component to run.</param>
    /// <param name="user">The user.</param>
    public static async Task<CircuitClient> OpenAsync(Uri server, string page, string user)
    {
        HubConnection connection = await ConnectAsync(server, user);
        string components = $"[{Marker().Match(page).Groups["component"].Value}]";
        string uri = server.ToString();
        string circuit = await connection.InvokeAsync<string>("StartCircuit", uri, uri, components, string.Empty);
        Assert.NotNull(circuit);
        return new CircuitClient(connection, server, user, circuit);
    }

    /// <summary>Loses the connection, and comes back to the circuit on another.</summary>
    public async Task ReconnectAsync()
    {
        await _connection.DisposeAsync();
        _connection = await ConnectAsync(_server, _user);
        Assert.True(await _connection.InvokeAsync<bool>("ConnectCircuit", _circuit));
    }

    /// <summary>Calls the object that the page has given to the browser's script. The renderer has given it one before.</summary>
    public Task CallBackAsync(string method = nameof(NotesPage.CallBackAsync)) =>
        _connection.SendAsync("BeginInvokeDotNetFromJS", "1", null as string, method, 2L, "[]");

    public Task NavigateAsync(string query) =>
        _connection.SendAsync("OnLocationChanged", new Uri(_server, query).ToString(), null as string, false);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static async Task<HubConnection> ConnectAsync(Uri server, string user)
    {
        IHubConnectionBuilder builder = new HubConnectionBuilder()
            .WithUrl(new Uri(server, "/_blazor"), options => options.Headers["Authorization"] = user);
        Type protocol = typeof(CircuitHandler).Assembly.GetType(Protocol, throwOnError: true)!;
        builder.Services.AddSingleton((IHubProtocol)Activator.CreateInstance(protocol)!);
        HubConnection connection = builder.Build();
        connection.On<int, byte[]>("JS.RenderBatch", (batch, _) => connection.SendAsync("OnRenderCompleted", (long)batch, null as string));
        await connection.StartAsync();
        return connection;
    }

    [GeneratedRegex("<!--Blazor:(?<component>{.*?})-->")]
    private static partial Regex Marker();
}
