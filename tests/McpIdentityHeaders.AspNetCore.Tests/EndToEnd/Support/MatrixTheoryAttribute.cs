namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A theory that needs server-everything and the TypeScript SDK, and is skipped where they are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MatrixTheoryAttribute : TheoryAttribute
{
    public MatrixTheoryAttribute() => Skip =
        EverythingServer.Node is null ? "node is not installed: apt-get install nodejs npm" :
        EverythingServer.Script is null ? $"server-everything is not installed: {NodePackage.Install}" :
        null;
}
