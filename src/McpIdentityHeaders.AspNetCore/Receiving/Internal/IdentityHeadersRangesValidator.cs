using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks the options against the attributes on their properties.</summary>
[OptionsValidator]
internal sealed partial class IdentityHeadersRangesValidator : IValidateOptions<IdentityHeadersOptions>;
