using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A client of an endpoint with a logical name, which a handler in front resolves.</summary>
public sealed class ServiceDiscoveryTests
{
    [Fact]
    public async Task Resolved_service_knows_each_user()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = Services(backend, trustsResolved: true);

        string[] users = await Task.WhenAll(new[] { "alice", "bob" }.Select(name =>
            AmbientIdentity.RunAsync(Users.Named(name), () => services.GetRequiredService<Notes>().WhoAmIAsync())));

        Assert.Equal(["alice", "bob"], users);
    }

    [Fact]
    public async Task Resolved_service_that_is_not_trusted_gets_no_identity()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Stateless);
        await using ServiceProvider services = Services(backend, trustsResolved: false);

        string user = await AmbientIdentity.RunAsync(Users.Alice, () => services.GetRequiredService<Notes>().WhoAmIAsync());

        Assert.Equal("anonymous", user);
    }

    private static ServiceProvider Services(McpBackend backend, bool trustsResolved)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Services:notes:http:0", backend.Root.ToString())])
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton<Notes>();
        if (!trustsResolved)
        {
            services.AddServiceDiscovery();
            services.AddMcpClient("notes", new Uri("http://notes/mcp")).AddClaimInjection().AddServiceDiscovery();
            return services.BuildServiceProvider(validateScopes: true);
        }

        // <snippet>
        services.AddServiceDiscovery();
        services.AddMcpClient("notes", new Uri("http://notes/mcp"))
            .AddServiceDiscovery()
            .AddClaimInjection(options =>
            {
                foreach (string address in configuration.GetSection("Services:notes:http").Get<string[]>() ?? [])
                {
                    options.TrustedOrigins.Add(new Uri(address));
                }
            });
        // </snippet>
        return services.BuildServiceProvider(validateScopes: true);
    }
}
