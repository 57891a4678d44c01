using Microsoft.AspNetCore.Components.Authorization;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed class CircuitUser(AuthenticationStateProvider authentication)
{
    public async Task RunAsync(Func<Task> action)
    {
        AuthenticationState state = await authentication.GetAuthenticationStateAsync();
        await AmbientIdentity.RunAsync(state.User, action);
    }
}
// </snippet>
