using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>The sample backend's tools, as a user's program calls them at the gateway.</summary>
internal static class NotesTesting
{
    /// <summary>The user as the backend sees it, written as an <see cref="OidcUser"/> is.</summary>
    public static async Task<string> WhoAmIAsync(this McpClient user) =>
        JsonSerializer.Deserialize<OidcUser>(await CallAsync(user, "whoami"), JsonSerializerOptions.Web)!.ToString();

    /// <summary>Adds a note, and answers its id.</summary>
    public static async Task<int> AddNoteAsync(this McpClient user, string text) =>
        JsonElement.Parse(await CallAsync(user, "add_note", ("text", text))).GetProperty("id").GetInt32();

    /// <summary>Lists the texts of the user's notes.</summary>
    public static async Task<IReadOnlyList<string>> ListNotesAsync(this McpClient user) =>
        [.. JsonElement.Parse(await CallAsync(user, "list_notes")).EnumerateArray().Select(note => note.GetProperty("text").GetString()!)];

    public static Task<CallToolResult> DeleteNoteAsync(this McpClient user, int id) =>
        user.CallToolAsync("notes_delete_note", new Dictionary<string, object?> { ["id"] = id }).AsTask();

    public static Task<CallToolResult> ListAllNotesAsync(this McpClient user) => user.CallToolAsync("notes_list_all_notes").AsTask();

    private static async Task<string> CallAsync(McpClient user, string tool, params (string Name, object? Value)[] arguments)
    {
        CallToolResult result = await user.CallToolAsync(
            $"notes_{tool}", arguments.ToDictionary(argument => argument.Name, argument => argument.Value));
        Assert.False(result.IsError ?? false, result.Text());
        return result.Text();
    }
}
