using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Runs a component in a circuit.</summary>
/// <param name="prerender">Whether it is rendered in advance, too.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class InteractiveServerAttribute(bool prerender = false) : RenderModeAttribute
{
    public override IComponentRenderMode Mode { get; } = new InteractiveServerRenderMode(prerender);
}
