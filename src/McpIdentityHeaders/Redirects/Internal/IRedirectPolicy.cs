namespace McpIdentityHeaders.Internal;

/// <summary>The settings and the telemetry that a request went out under, as far as its redirect is judged by them.</summary>
internal interface IRedirectPolicy
{
    /// <summary>Whether the target's origin is one that identities are sent to.</summary>
    bool IsTrusted(Uri target);

    void OnIdentityRedirectRefused(Uri from, Uri target);

    void OnTrustedTargetRefused(Uri from, Uri target);

    void OnSessionRedirectRefused(Uri from, Uri target);

    void OnContentNotRepeatable();
}
