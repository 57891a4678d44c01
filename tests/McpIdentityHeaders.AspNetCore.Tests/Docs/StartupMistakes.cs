using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The mistakes of docs/troubleshooting.md that keep a program from starting, by the cell that names each.</summary>
internal static class StartupMistakes
{
    public static IReadOnlyDictionary<string, Func<Symptoms, Task>> All { get; } = new Dictionary<string, Func<Symptoms, Task>>
    {
        ["`section '…' is missing, misspelt or empty`"] = symptoms => StartAsync(symptoms, ("Motes:Endpoint", "http://notes.test/mcp")),
        ["`setting '…' is empty`"] = symptoms => StartAsync(
            symptoms, ("Notes:Endpoint", "http://notes.test/mcp"), ("Notes:Claims:Encoding", "")),
        ["`the list has '…' already`"] = symptoms => StartAsync(
            symptoms,
            ("Notes:Endpoint", "http://notes.test/mcp"),
            ("Notes:Claims:Headers:0:HeaderName", "X-User-Roles"),
            ("Notes:Claims:Headers:0:ClaimTypes:0", "roles"),
            ("Notes:Claims:Headers:1:HeaderName", "x_user.roles"),
            ("Notes:Claims:Headers:1:ClaimTypes:0", "groups")),
        ["`no origin is known that identities may be sent to`"] = symptoms => StartAsync(
            symptoms, services => services.AddHttpClient("search").AddClaimInjection()),
        ["`RequireHttps is set, and`"] = async symptoms =>
        {
            await StartAsync(symptoms, ("Notes:Endpoint", "http://notes.test/mcp"), ("Notes:Claims:RequireHttps", "true"));
            await StartAsync(symptoms, services => services.AddHttpClient("search").AddClaimInjection(options =>
            {
                options.TrustedOrigins.Add(new Uri("http://search.test"));
                options.RequireHttps = true;
            }));
            Assert.All(symptoms.Texts, text => Assert.Contains("RequireHttps is set, and", text, StringComparison.Ordinal));
        },
        ["`IIdentityAccessor is not registered as a singleton`"] = async symptoms =>
        {
            var services = new ServiceCollection();
            services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
            services.AddScoped<IIdentityAccessor>(_ => new PropertyAccessor(Users.Alice));
            await using ServiceProvider provider = services.BuildServiceProvider();

            await symptoms.FailAsync(() => provider.CreateHttpClient("notes").GetAsync(new Uri("http://notes.test/mcp")));
        },
        ["`no peer is trusted to speak for users`"] = symptoms => StartAsync(
            symptoms, services => services.AddAuthentication().AddIdentityHeaders()),
        ["`has no endpoint`"] = symptoms => StartAsync(symptoms, ("Notes:Claims:MaxRedirections", "1")),
        ["`No MCP client named '…' is registered`"] = RentByAnotherNameAsync,
    };

    private static Task StartAsync(Symptoms symptoms, params (string Key, string Value)[] settings)
    {
        IConfigurationSection section = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build()
            .GetSection("Notes");
        return StartAsync(
            symptoms, services => services.AddMcpClient("notes", section).AddClaimInjection(section.GetSection("Claims")));
    }

    private static async Task StartAsync(Symptoms symptoms, Action<IServiceCollection> register)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        register(builder.Services);
        using IHost host = builder.Build();

        await symptoms.FailAsync(() => host.StartAsync());
    }

    private static async Task RentByAnotherNameAsync(Symptoms symptoms)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
        await using ServiceProvider provider = services.BuildServiceProvider();

        await symptoms.FailAsync(() => provider.Pool().RentAsync("Notes").AsTask());

        Assert.Contains(symptoms.Texts, text => text.Contains("'notes'", StringComparison.Ordinal));
    }
}
