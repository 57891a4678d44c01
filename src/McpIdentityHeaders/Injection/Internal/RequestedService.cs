namespace McpIdentityHeaders.Internal;

/// <summary>The trusted service that a request was sent to, kept in its options: handlers in front resolve the URI.</summary>
internal static class RequestedService
{
    private static readonly HttpRequestOptionsKey<Uri?> Key = new("McpIdentityHeaders.RequestedService");

    /// <summary>Marks a request to a trusted service, and unmarks any other: a program may send the same message to another URI.</summary>
    internal static void Mark(HttpRequestMessage request, ClaimInjectionPlan plan)
    {
        if (request.RequestUri is { IsAbsoluteUri: true } uri && plan.IsService(uri))
        {
            request.Options.Set(Key, uri);
        }
        else if (Find(request) is not null)
        {
            request.Options.Set(Key, null);
        }
    }

    internal static Uri? Find(HttpRequestMessage request) => request.Options.TryGetValue(Key, out Uri? service) ? service : null;
}
