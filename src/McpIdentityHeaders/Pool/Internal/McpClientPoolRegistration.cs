namespace McpIdentityHeaders.Internal;

/// <summary>The pool options of one client that AddMcpClient registered.</summary>
/// <param name="getOptions">Gives the options in force.</param>
/// <param name="subscribe">Has an action called whenever settings of the client are reloaded.</param>
internal sealed class McpClientPoolRegistration(Func<McpClientPoolOptions> getOptions, Action<Action> subscribe)
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The settings are not valid, and never were.</exception>
    internal McpClientPoolOptions Options => getOptions();

    /// <summary>Has an action called when another <see cref="McpClientPoolOptions.IdleTimeout"/> is in force.</summary>
    internal void OnIdleTimeoutChange(Action changed)
    {
        TimeSpan current = Options.IdleTimeout;
        subscribe(() =>
        {
            if (Options.IdleTimeout != current)
            {
                current = Options.IdleTimeout;
                changed();
            }
        });
    }
}
