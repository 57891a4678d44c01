using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Backend;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Gateway;

/// <summary>A backend, the gateway in front of it, and every user of the development issuer at once: what does each of them get?</summary>
internal static class Demo
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<int> RunAsync()
    {
        Console.OutputEncoding = Encoding.UTF8;
        const string Secret = "only-the-two-of-them-know";

        await using WebApplication backend = BackendApp.Create([
            "--urls=http://127.0.0.1:0",
            "--Logging:LogLevel:Default=Warning",
            "--IdentityHeaders:TrustedNetworks:0=127.0.0.0/8",
            "--IdentityHeaders:SharedSecrets:0:HeaderName=X-Gateway-Secret",
            $"--IdentityHeaders:SharedSecrets:0:Value={Secret}"]);
        await backend.StartAsync();

        await using WebApplication gateway = GatewayApp.Create([
            "--urls=http://127.0.0.1:0",
            "--environment=Development",
            "--Logging:LogLevel:Default=Warning",
            $"--Backends:notes:Endpoint={backend.Urls.Single()}/mcp",
            "--Identity:SharedSecret:HeaderName=X-Gateway-Secret",
            $"--Identity:SharedSecret:Value={Secret}"]);
        await gateway.StartAsync();

        bool[] right = await Task.WhenAll(DevelopmentIssuer.Users.Keys.Select(user => ShowAsync(gateway, user)));
        await gateway.StopAsync();
        await backend.StopAsync();
        return right.All(isRight => isRight) ? 0 : 1;
    }

    /// <summary>Makes a user's calls, prints what came, and says whether it is theirs and nobody else's.</summary>
    private static async Task<bool> ShowAsync(WebApplication gateway, string user)
    {
        string token = gateway.Services.GetRequiredService<DevelopmentIssuer>().IssueToken(user);
        await using McpClient client = await McpClient.CreateAsync(new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = new Uri($"{gateway.Urls.Single()}/mcp"),
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" },
        }));

        IList<McpClientTool> tools = await client.ListToolsAsync();
        string whoAmI = await CallAsync(client, "notes_whoami");
        await CallAsync(client, "notes_add_note", new() { ["text"] = $"a note by {user}" });
        string notes = await CallAsync(client, "notes_list_notes");

        Console.WriteLine($"""
            {user}
              tools    {string.Join(", ", tools.Select(tool => tool.Name))}
              who am I {whoAmI}
              my notes {notes}
            """);

        bool isAdmin = user == "alice";
        return whoAmI.Contains($"\"{user}\"", StringComparison.Ordinal)
            && DevelopmentIssuer.Users.Keys.All(owner => notes.Contains($"a note by {owner}", StringComparison.Ordinal) == (owner == user))
            && tools.Any(tool => tool.Name == "notes_list_all_notes") == isAdmin;
    }

    private static async Task<string> CallAsync(McpClient client, string tool, Dictionary<string, object?>? arguments = null)
    {
        CallToolResult result = await client.CallToolAsync(tool, arguments);
        string text = string.Concat(result.Content.OfType<TextContentBlock>().Select(block => block.Text));

        // JSON escapes what is not ASCII; people would rather read it.
        return result.IsError == true ? text : JsonNode.Parse(text)!.ToJsonString(Readable);
    }
}
