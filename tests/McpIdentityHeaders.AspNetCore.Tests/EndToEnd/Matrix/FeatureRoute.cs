namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Matrix;

/// <summary>A way to a server.</summary>
/// <param name="Endpoint">Where the client connects to.</param>
/// <param name="Token">The user's token, or empty.</param>
/// <param name="Prefix">What stands before the server's names on this way.</param>
internal sealed record FeatureRoute(Uri Endpoint, string Token = "", string Prefix = "")
{
    public string Strip(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
}
