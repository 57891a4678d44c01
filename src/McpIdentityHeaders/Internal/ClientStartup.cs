using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Options without settings, whose validation makes a client's real ones when the host starts. Validating those themselves at start-up would
/// create an IOptionsMonitor, which throws into whoever reloads an invalid configuration.
/// </summary>
internal sealed class ClientStartup
{
    internal sealed class Validator(IServiceProvider services) : IValidateOptions<ClientStartup>
    {
        public ValidateOptionsResult Validate(string? name, ClientStartup options)
        {
            try
            {
                _ = services.GetKeyedService<McpClientRegistration>(name)?.Transport;

                // Only building the pipeline shows whether the primary handler can send raw UTF-8.
                if (services.GetKeyedService<ClaimInjectionClient>(name)?.Plan.Encoding == HeaderValueEncoding.Utf8)
                {
                    services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(name!);
                }

                return ValidateOptionsResult.Success;
            }
            catch (OptionsValidationException invalid)
            {
                return ValidateOptionsResult.Fail(invalid.Failures);
            }
            catch (InvalidOperationException invalid)
            {
                return ValidateOptionsResult.Fail(invalid.Message);
            }
        }
    }

    /// <summary>Refuses to make a client's handlers where ours were taken out of them, as removing all filters does.</summary>
    internal sealed class FilterValidator(IServiceProvider services) : IValidateOptions<HttpClientFactoryOptions>
    {
        public ValidateOptionsResult Validate(string? name, HttpClientFactoryOptions options)
        {
            if (services.GetKeyedService<ClaimInjectionClient>(name) is null
                || services.GetServices<IHttpMessageHandlerBuilderFilter>().Any(filter => filter is ClaimInjectionPipelineFilter))
            {
                return ValidateOptionsResult.Success;
            }

            return ValidateOptionsResult.Fail(
                $"HttpClient '{name}': its identity handlers are missing, since all IHttpMessageHandlerBuilderFilter services were removed after "
                + "AddClaimInjection. To turn the factory's logging off, call RemoveAllLoggers on the client's builder instead.");
        }
    }
}
