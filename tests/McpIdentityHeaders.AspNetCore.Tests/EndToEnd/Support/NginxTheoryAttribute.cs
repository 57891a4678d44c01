namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A theory that needs nginx, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NginxTheoryAttribute : TheoryAttribute
{
    public NginxTheoryAttribute() => Skip = Nginx.Program is null ? "nginx is not installed: apt-get install nginx" : null;
}
