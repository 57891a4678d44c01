using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Where the settings of receiving schemes come from. What a source loses, the options themselves do not show.</summary>
internal static class OptionsSources
{
    /// <summary>Gets why some settings reach no scheme, or null.</summary>
    internal static string? GetError(IServiceProvider services)
    {
        string[] schemes = [.. services.GetServices<IdentityHeadersSchemeName>().Select(scheme => scheme.Value)];
        string? lost = services.GetServices<IConfigureOptions<IdentityHeadersOptions>>()
            .Select(GetName)
            .FirstOrDefault(name => name is not null && !schemes.Contains(name));
        string known = string.Join(" or ", schemes.Select(scheme => $"'{scheme}'"));
        return lost switch
        {
            null => null,
            "" => $"IdentityHeadersOptions are configured without a name, which reaches no scheme. Name the scheme, {known}, or pass the "
                + "settings to AddIdentityHeaders.",
            _ => $"IdentityHeadersOptions are configured for '{lost}', and no AddIdentityHeaders adds that scheme. Name {known}, add the "
                + "scheme, or remove the settings.",
        };
    }

    /// <summary>Whether the configuration binder reads settings of the scheme. It ignores a misspelt name.</summary>
    internal static bool HasBinder(IServiceProvider services, string scheme) =>
        services.GetServices<IConfigureOptions<IdentityHeadersOptions>>()
            .Any(step => IsBinder(step) && (GetName(step) ?? scheme) == scheme);

    private static bool IsBinder(IConfigureOptions<IdentityHeadersOptions> step) =>
        step is NamedConfigureFromConfigurationOptions<IdentityHeadersOptions>
            or ConfigureNamedOptions<IdentityHeadersOptions, IConfiguration>;

    /// <returns>Null for settings of all schemes, and where the name cannot be known.</returns>
    private static string? GetName(IConfigureOptions<IdentityHeadersOptions> step) => step switch
    {
        ConfigureNamedOptions<IdentityHeadersOptions> named => named.Name,
        ConfigureNamedOptions<IdentityHeadersOptions, IConfiguration> bound => bound.Name,
        _ => null,
    };
}
