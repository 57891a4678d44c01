using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>Checks the attributes on the options, with generated code.</summary>
[OptionsValidator]
internal sealed partial class IdentityAssertionRangesValidator : IValidateOptions<IdentityAssertionOptions>;
