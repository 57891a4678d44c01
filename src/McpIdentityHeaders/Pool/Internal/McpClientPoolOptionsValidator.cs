using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks the pool's numbers. Each message names the client, the option and the fix.</summary>
internal sealed class McpClientPoolOptionsValidator : IValidateOptions<McpClientPoolOptions>
{
    /// <summary>What timers can wait at most, in whole days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    public ValidateOptionsResult Validate(string? name, McpClientPoolOptions options)
    {
        List<string> failures = [.. FailuresOf(options).Select(failure => $"MCP client '{name}': McpClientPoolOptions.{failure}")];
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> FailuresOf(McpClientPoolOptions options)
    {
        if (!IsTime(options.IdleTimeout))
        {
            yield return $"IdleTimeout is {options.IdleTimeout}. Set more than zero and at most 24 days, such as '00:10:00'.";
        }

        if (!IsTime(options.CloseTimeout))
        {
            yield return $"CloseTimeout is {options.CloseTimeout}. Set more than zero and at most 24 days, such as '00:00:05'.";
        }

        if (options.MaxSessions < 1)
        {
            yield return $"MaxSessions is {options.MaxSessions}. Set at least 1.";
        }
    }

    private static bool IsTime(TimeSpan time) => time > TimeSpan.Zero && time <= Longest;
}
