namespace McpIdentityHeaders.Internal;

/// <summary>Why a principal cannot have sessions of its own.</summary>
internal sealed record SessionUserError(ClaimInjectionErrorReason Reason, string Message);
