namespace McpIdentityHeaders.Internal;

/// <summary>What a client needs of its primary handler.</summary>
/// <param name="Assignment">The setting, as one writes it where the handler is made.</param>
/// <param name="Differs">Whether the handler has another value.</param>
/// <param name="Write">Sets the value.</param>
internal sealed record PrimarySetting(string Assignment, Func<bool> Differs, Action Write);
