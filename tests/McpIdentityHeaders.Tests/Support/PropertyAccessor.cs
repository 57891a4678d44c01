namespace McpIdentityHeaders.Tests.Support;

/// <summary>An accessor as simple as a user's own may be: one property that all requests share. Counts who writes to it.</summary>
internal sealed class PropertyAccessor(ClaimsPrincipal? user = null) : IIdentityAccessor
{
    private ClaimsPrincipal? _user = user;
    private int _writes;

    public ClaimsPrincipal? User
    {
        get => _user;
        set
        {
            Interlocked.Increment(ref _writes);
            _user = value;
        }
    }

    public int Writes => _writes;
}
