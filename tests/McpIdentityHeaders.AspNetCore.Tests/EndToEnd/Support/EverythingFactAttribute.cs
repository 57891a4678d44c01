namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A fact that needs server-everything, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EverythingFactAttribute : FactAttribute
{
    public EverythingFactAttribute() => Skip =
        EverythingServer.Node is null ? "node is not installed: apt-get install nodejs npm" :
        EverythingServer.Script is null ? $"server-everything is not installed: {NodePackage.Install}" :
        null;
}
