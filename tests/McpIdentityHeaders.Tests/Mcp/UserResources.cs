using ModelContextProtocol.Server;

namespace McpIdentityHeaders.Tests.Mcp;

/// <summary>Resources that return their user.</summary>
[McpServerResourceType]
internal sealed class UserResources
{
    [McpServerResource(UriTemplate = "users://me", Name = "me")]
    public static async Task<string> MeAsync()
    {
        await Task.Yield();
        return UserNames.Ambient;
    }

    [McpServerResource(UriTemplate = "users://{id}/name", Name = "name")]
    public static string Name(string id) => $"{id}: {UserNames.Ambient}";
}
