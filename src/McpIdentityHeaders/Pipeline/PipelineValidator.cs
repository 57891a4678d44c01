using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Refuses to make a client's handlers where this library's would be missing: another builder replaced the factory's after it was
/// decorated. The factory reads these options before it makes any handler, with a host or without.
/// </summary>
internal sealed class PipelineValidator(IServiceProvider services) : IValidateOptions<HttpClientFactoryOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpClientFactoryOptions options)
    {
        if (services.GetKeyedService<ClaimInjectionState>(name) is null
            || services.GetRequiredService<HttpMessageHandlerBuilder>() is IdentityPipelineBuilder)
        {
            return ValidateOptionsResult.Success;
        }

        return ValidateOptionsResult.Fail(
            $"HttpClient '{name}': its identity handlers are missing, since another HttpMessageHandlerBuilder was registered after "
            + "AddClaimInjection. Register it before.");
    }
}
