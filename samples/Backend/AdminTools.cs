using System.ComponentModel;
using Microsoft.AspNetCore.Authorization;
using ModelContextProtocol.Server;

namespace Backend;

/// <summary>Tools that only administrators see and can call.</summary>
[McpServerToolType]
[Authorize(Roles = "admin")]
internal sealed class AdminTools(NoteStore notes)
{
    [McpServerTool(Name = "list_all_notes", ReadOnly = true), Description("Lists everybody's notes.")]
    public IReadOnlyDictionary<string, IReadOnlyList<Note>> ListAll() => notes.ListAll();
}
