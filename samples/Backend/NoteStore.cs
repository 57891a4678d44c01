using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Backend;

/// <summary>Everybody's notes, in memory: they are gone when the program ends.</summary>
internal sealed class NoteStore
{
    private const int MostNotes = 1000;

    private readonly ConcurrentDictionary<Owner, ImmutableList<Note>> _notes = new();
    private int _lastId;

    public IReadOnlyList<Note> Of(Owner owner) => _notes.GetValueOrDefault(owner, []);

    public IReadOnlyList<OwnedNote> All() =>
        [.. from notes in _notes from note in notes.Value select new OwnedNote(notes.Key.Issuer, notes.Key.Subject, note.Id, note.Text)];

    /// <returns>Null if the owner has as many notes as one may have.</returns>
    public Note? Add(Owner owner, string text)
    {
        var added = new Note(Interlocked.Increment(ref _lastId), text);
        ImmutableList<Note> notes = _notes.AddOrUpdate(
            owner, [added], (_, existing) => existing.Count < MostNotes ? existing.Add(added) : existing);
        return notes.Contains(added) ? added : null;
    }

    public bool Delete(Owner owner, int id)
    {
        while (_notes.TryGetValue(owner, out ImmutableList<Note>? notes) && notes.Find(note => note.Id == id) is { } found)
        {
            if (_notes.TryUpdate(owner, notes.Remove(found), notes))
            {
                return true;
            }
        }

        return false;
    }
}
