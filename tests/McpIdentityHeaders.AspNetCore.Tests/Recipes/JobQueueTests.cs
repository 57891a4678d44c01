using System.Text.Json;
using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.Inbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Jobs that run after the request that asked for them, in a worker's own flow.</summary>
public sealed class JobQueueTests
{
    [Theory]
    [InlineData("/jobs")]
    [InlineData("/stored")]
    public async Task Each_job_runs_as_the_user_who_asked_for_it(string path)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        var seen = Channel.CreateUnbounded<string>();
        await using InboundServer server = await InboundServer.StartAsync(
            services =>
            {
                services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
                services.AddSingleton<Notes>();
                services.AddSingleton(Channel.CreateUnbounded<Job>());
                services.AddSingleton(seen);
                services.AddHostedService<NotesWorker>();
            },
            app =>
            {
                // <snippet>
                app.MapGet("/jobs", async (string name, ClaimsPrincipal user, Notes notes, Channel<Job> jobs, Channel<string> done) =>
                    await jobs.Writer.WriteAsync(new Job(user.Clone(), async cancellationToken =>
                        await done.Writer.WriteAsync($"{name} {await notes.WhoAmIAsync(cancellationToken)}", cancellationToken))));
                // </snippet>
                app.MapGet("/stored", async (string name, ClaimsPrincipal user, Notes notes, Channel<Job> jobs) =>
                {
                    string row = JsonSerializer.Serialize(StoredUser.From(user));
                    ClaimsPrincipal restored = JsonSerializer.Deserialize<StoredUser>(row)!.ToPrincipal();
                    await jobs.Writer.WriteAsync(new Job(restored, async cancellationToken =>
                        await seen.Writer.WriteAsync($"{name} {await notes.WhoAmIAsync(cancellationToken)}", cancellationToken)));
                });
            });

        using HttpClient client = server.NewClient();
        foreach (string user in new[] { "alice", "bob", "alice" })
        {
            await server.GetAsync(client, $"{path}?name={user}", user);
            Assert.Equal($"{user} {user}", await seen.Reader.ReadAsync());
        }
    }
}
