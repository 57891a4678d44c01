namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A theory that needs Debian's PyJWT, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PyJwtTheoryAttribute : TheoryAttribute
{
    /// <summary>The interpreter that Debian's packages belong to, whatever another stands before it in the PATH.</summary>
    public const string Python = "/usr/bin/python3";

    public PyJwtTheoryAttribute() => Skip = Directory.Exists("/usr/lib/python3/dist-packages/jwt")
        ? null
        : "PyJWT is not installed: apt-get install python3-jwt python3-cryptography";
}
