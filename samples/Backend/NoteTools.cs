using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace Backend;

[McpServerToolType]
internal sealed class NoteTools(NoteStore notes)
{
    private const int LongestText = 4000;

    [McpServerTool(Name = "add_note", UseStructuredContent = true), Description("Keeps a note that only its owner sees.")]
    public Note Add(ClaimsPrincipal user, [Description("What the note says.")] string text)
    {
        // An McpException's message reaches the caller; that of any other exception does not.
        if (text.Length is 0 or > LongestText)
        {
            throw new McpException($"A note has between 1 and {LongestText} characters.");
        }

        return notes.Add(Owner.Of(user), text) ?? throw new McpException("There is no room for another note. Delete one first.");
    }

    [McpServerTool(Name = "list_notes", ReadOnly = true, UseStructuredContent = true), Description("The caller's own notes.")]
    public IReadOnlyList<Note> List(ClaimsPrincipal user) => notes.Of(Owner.Of(user));

    [McpServerTool(Name = "delete_note", Destructive = true, Idempotent = true), Description("Deletes one of the caller's own notes.")]
    public string Delete(ClaimsPrincipal user, [Description("The note's id.")] int id) =>
        notes.Delete(Owner.Of(user), id) ? "Deleted." : throw new McpException($"You have no note {id}.");

    [Authorize(Roles = "admin")]
    [McpServerTool(Name = "list_all_notes", ReadOnly = true, UseStructuredContent = true)]
    [Description("Everybody's notes, for administrators.")]
    public IReadOnlyList<OwnedNote> ListAll() => notes.All();
}
