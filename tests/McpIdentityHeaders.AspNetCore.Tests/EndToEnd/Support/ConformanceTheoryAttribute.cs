namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A theory that needs the conformance suite, and is skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ConformanceTheoryAttribute : TheoryAttribute
{
    public ConformanceTheoryAttribute() => Skip =
        ConformanceSuite.Node is null ? "node is not installed: apt-get install nodejs npm" :
        ConformanceSuite.Script is null ? $"The conformance suite is not installed: {NodePackage.Install}" :
        null;
}
