using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public static class UserStreamExtensions
{
    public static async IAsyncEnumerable<T> ForUser<T>(
        this IAsyncEnumerable<T> source, ClaimsPrincipal? user, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IAsyncEnumerator<T> items = source.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (await AmbientIdentity.RunAsync(user, () => items.MoveNextAsync().AsTask()))
            {
                yield return items.Current;
            }
        }
        finally
        {
            await AmbientIdentity.RunAsync(user, () => items.DisposeAsync().AsTask());
        }
    }
}
// </snippet>
