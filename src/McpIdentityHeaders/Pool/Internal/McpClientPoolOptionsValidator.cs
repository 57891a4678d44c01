using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks the pool's numbers. Each message names the client, the option and the fix.</summary>
internal sealed class McpClientPoolOptionsValidator : IValidateOptions<McpClientPoolOptions>
{
    /// <summary>The longest that timers can wait, in whole days.</summary>
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    public ValidateOptionsResult Validate(string? name, McpClientPoolOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        foreach (string error in GetValidationErrors(options))
        {
            result.AddError($"MCP client '{name}': McpClientPoolOptions.{error}");
        }

        return result.Build();
    }

    private static IEnumerable<string> GetValidationErrors(McpClientPoolOptions options)
    {
        if (!IsTimeout(options.IdleTimeout))
        {
            yield return $"IdleTimeout is {options.IdleTimeout}. Set more than zero and at most 24 days, such as '00:10:00'.";
        }

        if (!IsTimeout(options.CloseTimeout))
        {
            yield return $"CloseTimeout is {options.CloseTimeout}. Set more than zero and at most 24 days, such as '00:00:05'.";
        }

        if (options.SessionKeyClaimTypes.Any(string.IsNullOrWhiteSpace))
        {
            yield return "SessionKeyClaimTypes has an empty claim type. Remove it, or name one such as 'org_id'.";
        }

        if (options.MaxSessions < 1)
        {
            yield return $"MaxSessions is {options.MaxSessions}. Set at least 1.";
        }
    }

    private static bool IsTimeout(TimeSpan time) => time > TimeSpan.Zero && time <= MaxTimeout;
}
