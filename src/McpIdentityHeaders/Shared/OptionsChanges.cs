using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Internal;

/// <summary>Finds the change tokens of named options.</summary>
internal static class OptionsChanges
{
    internal static IEnumerable<Func<IChangeToken>> Of<TOptions>(IServiceProvider services, string name) =>
        services.GetServices<IOptionsChangeTokenSource<TOptions>>()
            .Where(source => source.Name is null || source.Name == name)
            .Select(source => (Func<IChangeToken>)source.GetChangeToken);
}
