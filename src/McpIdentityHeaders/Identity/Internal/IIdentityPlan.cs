namespace McpIdentityHeaders.Internal;

/// <summary>The settings that serve one request from beginning to end, as far as code apart from injection needs them.</summary>
internal interface IIdentityPlan
{
    /// <summary>Gets what tags the request's activity; null where nothing does.</summary>
    UserActivityTagger? UserTagger { get; }
}
