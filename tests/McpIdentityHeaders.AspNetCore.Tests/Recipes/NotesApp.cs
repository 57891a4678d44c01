using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The root component of the Blazor Server application.</summary>
public sealed class NotesApp : ComponentBase
{
    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        bool isPrerendered = Navigation.ToBaseRelativePath(Navigation.Uri) == "prerendered";
        builder.OpenComponent(0, isPrerendered ? typeof(PrerenderedNotesPage) : typeof(NotesPage));
        builder.CloseComponent();
    }
}
