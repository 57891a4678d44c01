using Microsoft.AspNetCore.Http.Features.Authentication;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>Holds a request's user, and holds up the first who asks, with what was true then.</summary>
internal sealed class SlowUserFeature(AsyncGate held) : IHttpAuthenticationFeature
{
    private volatile ClaimsPrincipal? _user;
    private int _asked;

    public ClaimsPrincipal? User
    {
        get
        {
            ClaimsPrincipal? user = _user;
            if (Interlocked.Exchange(ref _asked, 1) == 0)
            {
                held.WaitAsync().GetAwaiter().GetResult();
            }

            return user;
        }
        set => _user = value;
    }
}
