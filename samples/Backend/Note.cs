namespace Backend;

internal sealed record Note(int Id, string Text);
