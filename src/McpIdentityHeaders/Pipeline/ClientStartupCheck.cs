using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Options without settings, whose validation makes a client's real ones when the host starts. Validating those themselves at start-up would
/// create an IOptionsMonitor, which throws into whoever reloads an invalid configuration.
/// </summary>
internal sealed class ClientStartupCheck
{
    internal sealed class Validator(IServiceProvider services) : IValidateOptions<ClientStartupCheck>
    {
        public ValidateOptionsResult Validate(string? name, ClientStartupCheck options)
        {
            try
            {
                if (services.GetKeyedService<McpClientRegistration>(name) is { } registration)
                {
                    _ = registration.Transport;
                    _ = services.GetRequiredService<IOptionsFactory<McpClientPoolOptions>>().Create(name!);
                }

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
}
