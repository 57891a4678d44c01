using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Runs a component in a circuit, without rendering it in advance.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class InteractiveServerAttribute : RenderModeAttribute
{
    public override IComponentRenderMode Mode { get; } = new InteractiveServerRenderMode(prerender: false);
}
