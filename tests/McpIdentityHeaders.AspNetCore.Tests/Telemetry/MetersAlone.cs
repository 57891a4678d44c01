namespace McpIdentityHeaders.AspNetCore.Tests.Telemetry;

/// <summary>
/// Tests that collect metrics, alone. OpenTelemetry selects meters by name in the whole process, and drops what it has collected of one
/// name as soon as any container's meter of that name is disposed of.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MetersAlone
{
    public const string Name = "Meters";
}
