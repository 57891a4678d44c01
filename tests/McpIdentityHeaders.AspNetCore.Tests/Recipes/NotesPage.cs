using System.Threading.Channels;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A page of Blazor Server that calls a backend as it is shown, and at each event of the browser.</summary>
[Route("/")]
[InteractiveServer]
public sealed class NotesPage : ComponentBase, IDisposable
{
    [Inject]
    internal Notes Notes { get; set; } = null!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    [Inject]
    internal Channel<string> Seen { get; set; } = null!;

    public void Dispose() => Navigation.LocationChanged -= OnLocationChanged;

    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        await Seen.Writer.WriteAsync($"shown {await Notes.WhoAmIAsync()}");
    }

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change) => _ = InvokeAsync(async () =>
        await Seen.Writer.WriteAsync($"{new Uri(change.Location).Query} {await Notes.WhoAmIAsync()}"));
}
