namespace McpIdentityHeaders;

/// <summary>What happens when a header would be longer than the limits allow.</summary>
public enum OversizedValueBehavior
{
    /// <summary>The request is refused with a <see cref="ClaimInjectionException"/> before anything is sent.</summary>
    Reject,

    /// <summary>
    /// The header is left out and a warning names it. Never the subject's or a <see cref="ClaimHeader.Required"/> one: these are refused.
    /// </summary>
    Omit,
}
