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
                    await jobs.Writer.WriteAsync(Job.For(user, async cancellationToken =>
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

    [Fact]
    public async Task Job_of_a_user_who_has_signed_out_meanwhile_is_still_that_users()
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        var services = new ServiceCollection();
        services.AddMcpClient("notes", backend.Endpoint).AddClaimInjection();
        services.AddSingleton<Notes>();
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        Notes notes = provider.GetRequiredService<Notes>();
        var jobs = Channel.CreateUnbounded<Job>();
        var seen = Channel.CreateUnbounded<string>();
        using var worker = new NotesWorker(jobs);
        ClaimsIdentity alice = Users.SignedIn(("sub", "alice"));
        var request = new ClaimsPrincipal(alice);
        Assert.Equal("alice", await AmbientIdentity.RunAsync(request, () => notes.WhoAmIAsync()));

        foreach (ClaimsPrincipal user in new[] { request, Users.Bob })
        {
            await jobs.Writer.WriteAsync(Job.For(
                user,
                async cancellationToken => await seen.Writer.WriteAsync(await notes.WhoAmIAsync(cancellationToken), cancellationToken)));
        }

        await provider.GetRequiredService<IMcpClientPool>().CloseAsync(request);
        alice.RemoveClaim(alice.FindFirst("sub"));
        alice.AddClaim(new Claim("sub", "mallory"));
        using (AmbientIdentity.Use(request))
        {
            await worker.StartAsync(CancellationToken.None);
        }

        Assert.Equal(["alice", "bob"], [await seen.Reader.ReadAsync(), await seen.Reader.ReadAsync()]);
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Stored_user_is_told_apart_from_the_same_subject_of_another_sign_in()
    {
        ClaimsPrincipal user = new(new ClaimsIdentity(
            [new Claim("sub", "alice", ClaimValueTypes.String, "https://a.example"), new Claim("name", "Alice")], "test"));

        ClaimsPrincipal restored = JsonSerializer.Deserialize<StoredUser>(JsonSerializer.Serialize(StoredUser.From(user)))!.ToPrincipal();

        Assert.Equal(("alice", "https://a.example"), (restored.FindFirst("sub")!.Value, restored.FindFirst("sub")!.Issuer));
        Assert.Equal(("Alice", null), (restored.FindFirst("name")!.Value, restored.FindFirst("iss")));
    }
}
