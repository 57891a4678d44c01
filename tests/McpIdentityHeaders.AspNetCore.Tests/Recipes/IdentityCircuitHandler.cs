using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

// <snippet>
public sealed class IdentityCircuitHandler(AuthenticationStateProvider authentication) : CircuitHandler
{
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(
        Func<CircuitInboundActivityContext, Task> next) =>
        async context =>
        {
            AuthenticationState state = await authentication.GetAuthenticationStateAsync();
            using IdentityScope scope = AmbientIdentity.Use(state.User);
            await next(context);
        };
}
// </snippet>
