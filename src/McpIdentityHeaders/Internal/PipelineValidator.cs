using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Refuses to make a client's handlers where ours would not be the innermost: another filter's work would be done after ours, or ours was
/// removed, as removing all filters does. The factory reads these options before it makes any handler, with a host or without.
/// </summary>
internal sealed class PipelineValidator(IServiceProvider services) : IValidateOptions<HttpClientFactoryOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpClientFactoryOptions options)
    {
        if (services.GetKeyedService<ClaimInjectionClient>(name) is null)
        {
            return ValidateOptionsResult.Success;
        }

        IHttpMessageHandlerBuilderFilter[] filters = [.. services.GetServices<IHttpMessageHandlerBuilderFilter>()];
        if (filters is [ClaimInjectionPipelineFilter, ..])
        {
            return ValidateOptionsResult.Success;
        }

        return ValidateOptionsResult.Fail(Array.Exists(filters, filter => filter is ClaimInjectionPipelineFilter)
            ? $"HttpClient '{name}': {filters[0].GetType().Name} was put in front of all filters after AddClaimInjection, and the handlers that "
                + "it adds would stand behind the identity's. Register it with AddSingleton, or call AddClaimInjection after it."
            : $"HttpClient '{name}': its identity handlers are missing, since all IHttpMessageHandlerBuilderFilter services were removed after "
                + "AddClaimInjection. To turn the factory's logging off, call RemoveAllLoggers on the client's builder instead.");
    }
}
