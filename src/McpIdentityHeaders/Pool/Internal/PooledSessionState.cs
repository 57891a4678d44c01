namespace McpIdentityHeaders.Internal;

/// <summary>How far a pooled session has come. It never goes back.</summary>
internal enum PooledSessionState
{
    /// <summary>Being connected, for all who wait for it.</summary>
    Opening,

    /// <summary>Connected, and given to whoever it is for.</summary>
    Open,

    /// <summary>Given to nobody any more, and closed when the last has given it back, or when opening it has ended.</summary>
    Retired,

    /// <summary>Being closed, or gone.</summary>
    Closing,
}
