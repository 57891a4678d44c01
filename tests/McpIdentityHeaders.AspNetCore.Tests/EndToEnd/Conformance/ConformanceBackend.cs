using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;

/// <summary>A server with every feature of the protocol, under the names that the public conformance suite calls.</summary>
internal static class ConformanceBackend
{
    /// <summary>What the suite's names begin with. A gateway with this prefix puts it in front of names without it.</summary>
    public const string Prefix = "test";

    /// <param name="prefixed">Whether names begin with the prefix: not behind a gateway that adds it.</param>
    public static Task<RunningApp> StartAsync(bool prefixed)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["AllowedHosts"] = "localhost;127.0.0.1";
#pragma warning disable MCP9005 // Logging levels are deprecated by the SDK, and older clients set them.
        builder.Services
            .AddMcpServer(options => options.ServerInstructions = "Test it.")
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.StatefulForInitializeClients)
            .WithTools<ConformanceTools>()
            .WithTools([ConformanceTools.CreateSchemaTool()])
            .WithTools<ConformanceQuestions>()
            .WithPrompts<ConformancePrompts>()
            .WithResources<ConformanceResources>()
            .WithCompleteHandler((_, _) => ValueTask.FromResult(new CompleteResult { Completion = new() { Values = ["paris", "park"] } }))
            .WithSubscribeToResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
            .WithUnsubscribeFromResourcesHandler((_, _) => ValueTask.FromResult(new EmptyResult()))
            .WithSetLoggingLevelHandler((_, _) => ValueTask.FromResult(new EmptyResult()));
#pragma warning restore MCP9005
        if (!prefixed)
        {
            builder.Services.PostConfigure<McpServerOptions>(RemovePrefix);
        }

        WebApplication app = builder.Build();
        app.MapMcp("/mcp");
        return RunningApp.StartAsync(app);
    }

    private static void RemovePrefix(McpServerOptions options)
    {
        foreach (McpServerTool tool in options.ToolCollection!.ToArray())
        {
            options.ToolCollection.Remove(tool);
            tool.ProtocolTool.Name = RemovePrefix(tool.ProtocolTool.Name);
            options.ToolCollection.Add(tool);
        }

        foreach (McpServerPrompt prompt in options.PromptCollection!.ToArray())
        {
            options.PromptCollection.Remove(prompt);
            prompt.ProtocolPrompt.Name = RemovePrefix(prompt.ProtocolPrompt.Name);
            options.PromptCollection.Add(prompt);
        }
    }

    private static string RemovePrefix(string name) =>
        name.StartsWith($"{Prefix}_", StringComparison.Ordinal) ? name[(Prefix.Length + 1)..] : name;
}
