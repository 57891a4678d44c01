namespace McpIdentityHeaders.Internal;

/// <summary>What all handlers of one client share, however often the factory makes new ones.</summary>
/// <param name="telemetry">The client's telemetry.</param>
/// <param name="getInjector">Gives the injector of the settings in force.</param>
internal sealed class ClaimInjectionState(ClaimInjectionTelemetry telemetry, Func<ClaimInjector> getInjector)
{
    internal ClaimInjectionTelemetry Telemetry => telemetry;

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are not valid, and never were.</exception>
    internal ClaimInjector Injector => getInjector();

    internal ClaimInjectionPlan Plan => Injector.Plan;

    /// <summary>Gets what finds the one user of a principal, for a client with claim injection or without.</summary>
    internal static UserSelector UsersOf(ClaimInjectionState? client) => client?.Plan.Users ?? UserSelector.Default;
}
