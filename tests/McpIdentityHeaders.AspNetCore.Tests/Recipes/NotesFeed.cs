namespace McpIdentityHeaders.AspNetCore.Tests.Recipes;

/// <summary>Tells the pages of all users of a note that one of them has added.</summary>
internal sealed class NotesFeed
{
    public event Action? NoteAdded;

    public void Add() => NoteAdded?.Invoke();
}
