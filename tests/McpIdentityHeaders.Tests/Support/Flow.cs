namespace McpIdentityHeaders.Tests.Support;

/// <summary>Whose flow of execution something is done in.</summary>
public enum Flow
{
    /// <summary>No scope is in force.</summary>
    NotKnown,

    /// <summary>In the scope of a user who is not the session's.</summary>
    OfBob,

    /// <summary>In a scope that says there is nobody.</summary>
    OfNobody,

    /// <summary>In the scope of a visitor who has not signed in.</summary>
    OfAnonymous,
}
