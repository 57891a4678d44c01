using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>Chooses among endpoints by a header, as API versioning does.</summary>
internal sealed class HeaderSelectorPolicy(string headerName) : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public static void AddTo(IServiceCollection services, string headerName) =>
        services.AddSingleton<MatcherPolicy>(new HeaderSelectorPolicy(headerName));

    /// <summary>Maps two endpoints to one path, of which the header's value chooses one.</summary>
    public static void Map(WebApplication app, string path, string value)
    {
        app.MapGet(path, () => Results.Text("default")).WithMetadata(new Wanted(string.Empty)).AllowAnonymous();
        app.MapGet(path, () => Results.Text("chosen")).WithMetadata(new Wanted(value)).AllowAnonymous();
    }

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<Wanted>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        string value = httpContext.Request.Headers[headerName].ToString();
        for (int index = 0; index < candidates.Count; index++)
        {
            candidates.SetValidity(index, candidates[index].Endpoint.Metadata.GetMetadata<Wanted>()?.Value == value);
        }

        return Task.CompletedTask;
    }

    private sealed record Wanted(string Value);
}
