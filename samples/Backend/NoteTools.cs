using System.ComponentModel;
using System.Security.Claims;
using ModelContextProtocol;
using ModelContextProtocol.Server;

namespace Backend;

/// <summary>Tools on the caller's own notes. Nobody can name another owner: the owner is who the gateway says is calling.</summary>
[McpServerToolType]
internal sealed class NoteTools(NoteStore notes)
{
    [McpServerTool(Name = "add_note"), Description("Adds a note of yours.")]
    public Note Add(ClaimsPrincipal user, [Description("What it says.")] string text) => notes.Add(user, text);

    [McpServerTool(Name = "list_notes", ReadOnly = true), Description("Lists your notes.")]
    public IReadOnlyList<Note> List(ClaimsPrincipal user) => notes.List(user);

    [McpServerTool(Name = "delete_note", Destructive = true), Description("Deletes a note of yours.")]
    public string Delete(ClaimsPrincipal user, [Description("The note's id.")] int id) => notes.Delete(user, id)
        ? $"Note {id} is deleted."
        : throw new McpException($"You have no note {id}.");
}
