using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed record Job(ClaimsPrincipal User, Func<CancellationToken, Task> RunAsync)
{
    public static Job For(ClaimsPrincipal user, Func<CancellationToken, Task> runAsync) =>
        new(new ClaimsPrincipal(user.Identities.Select(identity => identity.Clone())), runAsync);
}

public sealed class NotesWorker(Channel<Job> jobs) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (Job job in jobs.Reader.ReadAllAsync(stoppingToken))
        {
            await AmbientIdentity.RunAsync(job.User, () => job.RunAsync(stoppingToken));
        }
    }
}
// </snippet>
