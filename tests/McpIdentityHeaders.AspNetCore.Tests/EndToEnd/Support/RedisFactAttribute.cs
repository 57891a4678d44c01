namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A fact that needs Redis, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute() => Skip = RedisServer.Program is null ? "Redis is not installed: apt-get install redis-server" : null;
}
