using Microsoft.AspNetCore.Components;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>The page, rendered in advance within the HTTP request too.</summary>
[Route("/prerendered")]
[InteractiveServer(prerender: true)]
public sealed class PrerenderedNotesPage : NotesPage;
