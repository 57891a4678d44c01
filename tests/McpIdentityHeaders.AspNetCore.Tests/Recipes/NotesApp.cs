using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The root component of the Blazor Server application.</summary>
public sealed class NotesApp : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenComponent<NotesPage>(0);
        builder.CloseComponent();
    }
}
