namespace McpIdentityHeaders.Internal;

/// <summary>The user that a message carries to a backend, for what sees the message behind the injection handler.</summary>
/// <param name="subject">The user's subject.</param>
/// <param name="source">What the settings were at that moment: a reload must not affect a request in flight.</param>
internal class CarriedUser(string subject, IIdentityPlan source)
{
    internal string Subject => subject;

    internal IIdentityPlan Source => source;
}
