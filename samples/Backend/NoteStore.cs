using System.Collections.Concurrent;
using System.Security.Claims;

namespace Backend;

/// <summary>Everybody's notes, in memory, each under its owner.</summary>
internal sealed class NoteStore
{
    private readonly ConcurrentDictionary<Owner, ConcurrentDictionary<int, Note>> _notes = new();
    private int _lastId;

    public Note Add(ClaimsPrincipal user, string text)
    {
        var note = new Note(Interlocked.Increment(ref _lastId), text);
        Of(user)[note.Id] = note;
        return note;
    }

    public IReadOnlyList<Note> List(ClaimsPrincipal user) => InOrder(Of(user));

    public bool Delete(ClaimsPrincipal user, int id) => Of(user).TryRemove(id, out _);

    public IReadOnlyDictionary<string, IReadOnlyList<Note>> ListAll() =>
        _notes.ToDictionary(notes => $"{notes.Key.Subject} of {notes.Key.Issuer}", notes => InOrder(notes.Value));

    private static IReadOnlyList<Note> InOrder(ConcurrentDictionary<int, Note> notes) => [.. notes.Values.OrderBy(note => note.Id)];

    private ConcurrentDictionary<int, Note> Of(ClaimsPrincipal user) => _notes.GetOrAdd(Owner.Of(user), _ => new());
}
