namespace McpIdentityHeaders.Tests.Support;

/// <summary>A minimal accessor, as an application might write it: one property that all requests share. Counts writes.</summary>
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
