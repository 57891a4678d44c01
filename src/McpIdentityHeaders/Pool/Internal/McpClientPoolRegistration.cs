namespace McpIdentityHeaders.Internal;

/// <summary>The pool options of one client that AddMcpClient registered.</summary>
/// <param name="getOptions">Gives the options in force.</param>
/// <param name="subscribe">Has an action called whenever other options are in force.</param>
internal sealed class McpClientPoolRegistration(Func<McpClientPoolOptions> getOptions, Action<Action> subscribe)
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are not valid, and never were.</exception>
    internal McpClientPoolOptions Options => getOptions();

    internal void OnChange(Action changed) => subscribe(changed);
}
