using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks the numbers against the ranges on the options' properties.</summary>
[OptionsValidator]
internal sealed partial class ClaimInjectionRangesValidator : IValidateOptions<ClaimInjectionOptions>;
