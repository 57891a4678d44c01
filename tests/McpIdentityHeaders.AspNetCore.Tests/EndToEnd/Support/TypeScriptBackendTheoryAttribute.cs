namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A theory that needs the TypeScript sample, and is skipped where its packages are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TypeScriptBackendTheoryAttribute : TheoryAttribute
{
    public TypeScriptBackendTheoryAttribute() => Skip =
        EverythingServer.Node is null ? "node is not installed: apt-get install nodejs npm" :
        !TypeScriptBackend.IsInstalled ? $"the TypeScript sample is not installed: {TypeScriptBackend.Install}" :
        null;
}
