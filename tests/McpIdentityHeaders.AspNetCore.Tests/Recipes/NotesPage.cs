using System.Threading.Channels;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A page of Blazor Server that calls a backend as it is shown, and at each event of the browser.</summary>
[Route("/")]
[InteractiveServer]
public sealed class NotesPage : ComponentBase, IDisposable
{
    private DotNetObjectReference<NotesPage>? _self;

    [Inject]
    internal Notes Notes { get; set; } = null!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    [Inject]
    internal Channel<string> Seen { get; set; } = null!;

    [Inject]
    internal IJSRuntime Browser { get; set; } = null!;

    public void Dispose()
    {
        Navigation.LocationChanged -= OnLocationChanged;
        _self?.Dispose();
    }

    /// <summary>Called by the browser's script.</summary>
    [JSInvokable]
    public async Task CallBackAsync() => await Seen.Writer.WriteAsync($"called back {await Notes.WhoAmIAsync()}");

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            // The browser's script has no answer to give.
            _ = Browser.InvokeVoidAsync("keep", _self = DotNetObjectReference.Create(this)).AsTask();
        }
    }

    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        await Seen.Writer.WriteAsync($"shown {await Notes.WhoAmIAsync()}");
    }

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change) => _ = InvokeAsync(async () =>
        await Seen.Writer.WriteAsync($"{new Uri(change.Location).Query} {await Notes.WhoAmIAsync()}"));
}
