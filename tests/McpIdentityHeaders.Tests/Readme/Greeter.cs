namespace McpIdentityHeaders.Tests.Readme;

/// <summary>Stands for the application code in the README's unit test.</summary>
internal sealed class Greeter(IIdentityAccessor identity)
{
    public string Greet() => $"Hello, {identity.User?.FindFirst("name")?.Value ?? "stranger"}!";
}
