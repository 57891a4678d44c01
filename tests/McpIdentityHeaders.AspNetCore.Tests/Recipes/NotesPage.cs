using System.Threading.Channels;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>A page of Blazor Server that calls a backend as it is shown, and at each event of the browser.</summary>
[Route("/")]
[InteractiveServer]
public class NotesPage : ComponentBase, IDisposable
{
    private readonly TaskCompletionSource _rendered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DotNetObjectReference<NotesPage>? _self;

    [Inject]
    internal Notes Notes { get; set; } = null!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    [Inject]
    internal Channel<string> Seen { get; set; } = null!;

    [Inject]
    internal NotesFeed Feed { get; set; } = null!;

    [Inject]
    internal CircuitUser User { get; set; } = null!;

    [Inject]
    internal IJSRuntime Browser { get; set; } = null!;

    public void Dispose()
    {
        Navigation.LocationChanged -= OnLocationChanged;
        Feed.NoteAdded -= OnNoteAdded;
        _self?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Called by the browser's script.</summary>
    [JSInvokable]
    public void AddNote() => Feed.Add();

    /// <summary>Called by the browser's script.</summary>
    [JSInvokable]
    public async Task CallBackAsync() => await Seen.Writer.WriteAsync($"called back {await Notes.WhoAmIAsync()}");

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            Feed.NoteAdded += OnNoteAdded;

            // The browser's script has no answer to give.
            _ = Browser.InvokeVoidAsync("keep", _self = DotNetObjectReference.Create(this)).AsTask();
            _rendered.TrySetResult();
        }
    }

    protected override async Task OnInitializedAsync()
    {
        Navigation.LocationChanged += OnLocationChanged;
        string user = await Notes.WhoAmIAsync();
        if (RendererInfo.IsInteractive)
        {
            // Only then can the browser call back.
            await _rendered.Task;
        }

        await Seen.Writer.WriteAsync($"shown {user}");
    }

    private void OnNoteAdded() => _ = InvokeAsync(async () =>
    {
        string raiser = await Notes.WhoAmIAsync();
        await User.RunAsync(async () => await Seen.Writer.WriteAsync($"added by {raiser}, shown to {await Notes.WhoAmIAsync()}"));
    });

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change) => _ = InvokeAsync(async () =>
        await Seen.Writer.WriteAsync($"{new Uri(change.Location).Query} {await Notes.WhoAmIAsync()}"));
}
