namespace Backend;

/// <summary>A note as administrators see it.</summary>
internal sealed record OwnedNote(string Issuer, string Subject, int Id, string Text);
