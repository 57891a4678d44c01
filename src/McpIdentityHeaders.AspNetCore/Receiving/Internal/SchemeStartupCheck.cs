using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Empty options: validating them at start-up creates a scheme's real ones, as <see cref="ClientStartupCheck"/> explains.</summary>
internal sealed class SchemeStartupCheck
{
    internal sealed class Validator(IServiceProvider services) : IValidateOptions<SchemeStartupCheck>
    {
        public ValidateOptionsResult Validate(string? name, SchemeStartupCheck options)
        {
            try
            {
                _ = services.GetRequiredKeyedService<IdentityHeadersScheme>(name).Plan;
                return ValidateOptionsResult.Success;
            }
            catch (OptionsValidationException exception)
            {
                return ValidateOptionsResult.Fail(exception.Failures);
            }
            catch (InvalidOperationException exception)
            {
                return ValidateOptionsResult.Fail(exception.Message);
            }
        }
    }
}
