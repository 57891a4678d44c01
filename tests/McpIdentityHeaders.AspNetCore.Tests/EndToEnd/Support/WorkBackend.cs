using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;

#pragma warning disable MCP9005 // Deprecated by the SDK, and still what backends listen for.

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A backend with slow and failing tools, which a test can observe.</summary>
internal static class WorkBackend
{
    public const string Instructions = "Work in small steps.";

    public static Task<RunningApp> StartAsync(WorkLog log, HttpServerSessionMode mode)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(log);
        var notifier = new WorkNotifier();
        builder.Services.AddSingleton(notifier);
        builder.Services
            .AddMcpServer(options =>
            {
                options.ServerInstructions = Instructions;
                options.Handlers.SubscriptionsListenHandler = notifier.ListenAsync;
                options.Handlers.NotificationHandlers =
                    [new(NotificationMethods.RootsListChangedNotification, (_, _) => OnRootsChanged(log))];
                options.Capabilities = new()
                {
                    Tools = new() { ListChanged = true },
                    Resources = new() { Subscribe = true, ListChanged = true },
                };
            })
            .WithHttpTransport(http =>
            {
                http.SessionMode = mode;
#pragma warning disable MCPEXP002 // The way to a session's own stream.
                http.RunSessionHandler = notifier.RunAsync;
#pragma warning restore MCPEXP002
            })
            .WithTools<WorkTools>()
            .WithTools<WorkQuestions>()
            .WithPrompts<WorkPrompts>()
            .WithResources<WorkResources>()
            .WithCompleteHandler((request, _) => ValueTask.FromResult(Complete(request.Params)));

        WebApplication app = builder.Build();
        app.Use(notifier.InvokeAsync);
        app.MapMcp("/mcp");
        return RunningApp.StartAsync(app);
    }

    private static ValueTask OnRootsChanged(WorkLog log)
    {
        log.OnRootsChanged();
        return ValueTask.CompletedTask;
    }

    /// <summary>Completes with what was asked for, so that a test sees what arrived.</summary>
    private static CompleteResult Complete(CompleteRequestParams request)
    {
        string reference = request.Ref switch
        {
            PromptReference prompt => prompt.Name,
            ResourceTemplateReference template => template.Uri!,
            _ => string.Empty,
        };
        return new CompleteResult { Completion = new() { Values = [$"{reference} {request.Argument.Name}={request.Argument.Value}"] } };
    }
}
