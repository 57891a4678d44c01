using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks the attributes on the options, with generated code.</summary>
[OptionsValidator]
internal sealed partial class ReceivedAssertionRangesValidator : IValidateOptions<ReceivedAssertionOptions>;
