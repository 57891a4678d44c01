using System.Security.Claims;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>Sets the user of a flow of execution. The default <see cref="IIdentityAccessor"/> reads it.</summary>
/// <remarks>
/// The user flows into everything that is called, awaited or started within the scope, and never out of it, as with
/// <see cref="AsyncLocal{T}"/>. Iterators are the surprise, since each step of one runs in the flow that asks for the step. A scope that an
/// async iterator opens in its body is in force only up to the next <see langword="yield return"/>. One that an iterator without
/// <see langword="async"/> opens stays in force for its consumer too, between the steps and until the iterator disposes it. Open the scope
/// around the loop, or use <see cref="RunAsync(ClaimsPrincipal?, Func{Task})"/> within one step.
/// </remarks>
public static class AmbientIdentity
{
    private static readonly AsyncLocal<ScopeFrame?> Innermost = new();

    /// <summary>Gets the user of the current flow.</summary>
    /// <value>
    /// The innermost scope's user; after <see cref="Use"/> with <see langword="null"/>, a principal without identities.
    /// <see langword="null"/> where no scope is in force.
    /// </value>
    public static ClaimsPrincipal? User => Current?.User;

    /// <summary>Gets the scope in force.</summary>
    internal static IdentityScope? Current => Innermost.Value?.Scope;

    internal static ScopeFrame? Frame
    {
        get => Innermost.Value;
        set => Innermost.Value = value;
    }

    /// <summary>Makes <paramref name="user"/> the user of the current flow until the scope is disposed.</summary>
    /// <param name="user">The user; <see langword="null"/> makes the flow anonymous, which is not the same as unknown.</param>
    /// <returns>The scope to dispose in the same method, with <see langword="using"/>.</returns>
    /// <remarks>
    /// A scope opened by an async method ends for the caller when that method returns: a helper that opens a scope for its caller must
    /// not be async.
    /// </remarks>
    public static IdentityScope Use(ClaimsPrincipal? user) => IdentityScope.Open(user ?? new ClaimsPrincipal());

    /// <summary>Runs an action with <paramref name="user"/> as the user, and nothing after it.</summary>
    /// <param name="user">The user; <see langword="null"/> makes the flow anonymous.</param>
    /// <param name="action">The action to run.</param>
    /// <returns>A task that ends when the action has ended, with its exception if it failed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="action"/> is <see langword="null"/>.</exception>
    public static Task RunAsync(ClaimsPrincipal? user, Func<Task> action)
    {
        ArgumentNullException.ThrowIfNull(action);

        return RunCoreAsync(user, action);

        static async Task RunCoreAsync(ClaimsPrincipal? user, Func<Task> action)
        {
            using (Use(user))
            {
                await action().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs a function with <paramref name="user"/> as the user, and nothing after it.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="user">The user; <see langword="null"/> makes the flow anonymous.</param>
    /// <param name="action">The function to run.</param>
    /// <returns>A task with the function's result, or its exception if it failed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="action"/> is <see langword="null"/>.</exception>
    public static Task<T> RunAsync<T>(ClaimsPrincipal? user, Func<Task<T>> action)
    {
        ArgumentNullException.ThrowIfNull(action);

        return RunCoreAsync(user, action);

        static async Task<T> RunCoreAsync(ClaimsPrincipal? user, Func<Task<T>> action)
        {
            using (Use(user))
            {
                return await action().ConfigureAwait(false);
            }
        }
    }
}
