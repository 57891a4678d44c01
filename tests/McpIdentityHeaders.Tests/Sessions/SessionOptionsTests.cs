using System.Reflection;
using System.Text.Json.Nodes;
using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.Tests.Sessions;

/// <summary>Each session gets options of its own, with all that was registered.</summary>
public sealed class SessionOptionsTests
{
    private static readonly Uri Endpoint = new(HttpTesting.Endpoint);

    [Fact]
    public void Copy_of_transport_options_has_every_property()
    {
        HttpClientTransportOptions options = Filled(new HttpClientTransportOptions { Endpoint = new Uri("http://other.test/") });

        AssertSame(options, TransportOptions.CopyOf(options, options.Endpoint));
        Assert.Equal(Endpoint, TransportOptions.CopyOf(options, Endpoint).Endpoint);
    }

    [Fact]
    public void Copy_of_options_that_nothing_was_set_on_equals_new_ones()
    {
        var transport = new HttpClientTransportOptions { Endpoint = Endpoint };

        AssertSame(transport, TransportOptions.CopyOf(transport, Endpoint));
    }

    [Fact]
    public void Headers_that_a_session_adds_are_not_in_the_next()
    {
        var registered = new HttpClientTransportOptions
        {
            Endpoint = Endpoint,
            AdditionalHeaders = new Dictionary<string, string> { ["X-Tenant"] = "blue" },
        };

        HttpClientTransportOptions sessions = TransportOptions.CopyOf(registered, Endpoint);
        sessions.AdditionalHeaders!["X-Session"] = "1";
        sessions.Name = "session";

        Assert.Equal(["X-Tenant"], registered.AdditionalHeaders.Keys);
        Assert.Null(registered.Name);
    }

    [Fact]
    public async Task Capabilities_that_a_session_adds_are_not_registered()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options =>
            {
                options.Capabilities = new ClientCapabilities();
                options.Handlers.ElicitationHandler = (_, _) => ValueTask.FromResult(new ElicitResult());
            })
            .BuildServiceProvider();

        await using McpClient client = await services.ConnectAsync();

        McpClientOptions registered = services.GetRequiredService<IOptionsMonitor<McpClientOptions>>().Get(McpTesting.ClientName);
        Assert.Null(registered.Capabilities!.Elicitation);
    }

    [Fact]
    public async Task Registered_metadata_serves_more_than_one_session()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting
            .ServicesFor(backend, mcp: options => options.InitializeMeta = new JsonObject { ["tenant"] = "blue" })
            .BuildServiceProvider();

        await using McpClient first = await services.ConnectAsync();
        await using McpClient second = await services.ConnectAsync();

        Assert.Equal(2, backend.Exchanges.Count(exchange => exchange.Rpc == "initialize"));
    }

    private static T Filled<T>(T options)
    {
        foreach (PropertyInfo property in Settable<T>())
        {
            object value = NewValue(property, options!);
            Assert.NotEqual(property.GetValue(options), value);
            property.SetValue(options, value);
        }

        return options;
    }

    /// <summary>A value that differs from what is there. A property of a type that is not here is new in the SDK.</summary>
    private static object NewValue(PropertyInfo property, object options) => property.GetValue(options) switch
    {
        bool value => !value,
        int value => value + 1,
        TimeSpan value => value + TimeSpan.FromSeconds(1),
        Enum value => Enum.GetValues(property.PropertyType).Cast<Enum>().First(other => !other.Equals(value)),
        _ when property.PropertyType == typeof(string) => property.Name,
        _ when property.PropertyType == typeof(Uri) => Endpoint,
        _ when property.PropertyType == typeof(IDictionary<string, string>) => new Dictionary<string, string> { ["X-Tenant"] = "blue" },
        _ when property.PropertyType == typeof(ClientOAuthOptions) => AuthorizationServer.NewClientOptions(),
        _ => throw new NotSupportedException($"{property.DeclaringType!.Name}.{property.Name}"),
    };

    private static void AssertSame(HttpClientTransportOptions expected, HttpClientTransportOptions actual) =>
        Assert.All(
            Settable<HttpClientTransportOptions>(), property => Assert.Equal(property.GetValue(expected), property.GetValue(actual)));

    private static IEnumerable<PropertyInfo> Settable<T>() =>
        typeof(T).GetProperties().Where(property => property.SetMethod is { IsPublic: true });
}
