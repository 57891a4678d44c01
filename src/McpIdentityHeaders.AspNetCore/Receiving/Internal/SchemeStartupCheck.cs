using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Options without settings, whose validation makes a scheme's real ones when the host starts; <see cref="ClientStartupCheck"/> says why.</summary>
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
