namespace McpIdentityHeaders.Tests.Support;

/// <summary>Which user's flow of execution something runs in.</summary>
public enum Flow
{
    /// <summary>No scope is in force.</summary>
    Unknown,

    /// <summary>In the scope of another user than the session's.</summary>
    OfBob,

    /// <summary>In the scope of a null user, which is anonymous.</summary>
    Anonymous,

    /// <summary>In the scope of an anonymous principal.</summary>
    OfAnonymous,
}
