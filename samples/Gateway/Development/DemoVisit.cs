using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway.Development;

/// <summary>What one user does through the gateway, and what is wrong with it, if anything is.</summary>
internal sealed record DemoVisit(
    SampleUser User, string Protocol, string Tools, string OwnNotes, string AllNotes, string SeenAs, string SignedAs, string? Problem)
{
    /// <summary>Makes the visit. One that fails is a row of the table too, so no exception leaves here.</summary>
    public static async Task<DemoVisit> MakeAsync(Uri gateway, string token, SampleUser user, string protocol)
    {
        try
        {
            var transport = new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = gateway,
                AdditionalHeaders = new Dictionary<string, string>
                {
                    ["Authorization"] = $"Bearer {token}",

                    // A caller cannot become another user by saying so, in whichever spelling.
                    ["X-User-Sub"] = "mallory",
                    ["X_User_Roles"] = "admin",
                },
            });
            await using McpClient client = await McpClient.CreateAsync(transport, new McpClientOptions { ProtocolVersion = protocol });
            return await MakeAsync(client, user, protocol);
        }
        catch (Exception exception)
        {
            return new DemoVisit(user, protocol, "-", "-", "-", "(the visit failed)", "-", exception.Message);
        }
    }

    private static async Task<DemoVisit> MakeAsync(McpClient client, SampleUser user, string protocol)
    {
        string text = $"A note of {user.Name}'s";
        IList<McpClientTool> tools = await client.ListToolsAsync();
        JsonElement seen = await CallAsync(client, "notes_whoami");
        JsonElement signed = await CallAsync(client, "signed_whoami");
        await CallAsync(client, "notes_add_note", text);
        IReadOnlyList<string> own = TextsOf(await CallAsync(client, "notes_list_notes"));
        IReadOnlyList<string>? all = await ListAllAsync(client);

        string? problem =
            ProblemOf(seen, user) ?? (ProblemOf(signed, user) is { } unsigned ? $"{unsigned}, by assertion"
            : tools.Any(tool => tool.Name == "notes_list_all_notes") != user.IsAdmin ? "the administrators' tool was listed wrongly"
            : own.Count == 0 || own.Any(note => note != text) ? "the list of their notes is not of their notes"
            : (all is not null) != user.IsAdmin ? "the administrators' tool was open to the wrong ones"
            : null);

        return new DemoVisit(
            user, protocol, $"{tools.Count}", $"{own.Count}", all is null ? "refused" : $"{all.Count} notes",
            $"{seen.GetProperty("name").GetString()} <{seen.GetProperty("email").GetString()}>",
            $"{signed.GetProperty("subject").GetString()}", problem);
    }

    private static string? ProblemOf(JsonElement seen, SampleUser user) =>
        seen.GetProperty("subject").GetString() != user.Subject ? "the backend took them for another user"
        : seen.GetProperty("name").GetString() != user.Name ? "their name did not arrive whole"
        : seen.GetProperty("email").GetString() != user.Email ? "their address did not arrive"
        : !seen.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!).SequenceEqual(user.Roles)
            ? "their roles did not arrive"
        : null;

    private static async Task<IReadOnlyList<string>?> ListAllAsync(McpClient client)
    {
        try
        {
            return TextsOf(await CallAsync(client, "notes_list_all_notes"));
        }
        catch (McpProtocolException exception) when (exception.ErrorCode == McpErrorCode.InvalidRequest)
        {
            return null;
        }
    }

    /// <returns>The result as its text has it, which clients of every protocol get.</returns>
    private static async Task<JsonElement> CallAsync(McpClient client, string tool, string? text = null)
    {
        CallToolResult result = await client.CallToolAsync(
            tool, text is null ? null : new Dictionary<string, object?> { ["text"] = text });

        string answer = result.Content.OfType<TextContentBlock>().Single().Text;
        return result.IsError is true ? throw new InvalidOperationException(answer) : JsonElement.Parse(answer);
    }

    private static IReadOnlyList<string> TextsOf(JsonElement notes) =>
        [.. notes.EnumerateArray().Select(note => note.GetProperty("text").GetString()!)];
}
