using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>A gateway with two clients that answers which headers it has, after stripping.</summary>
internal static class StrippingServer
{
    public const string Secret = "0123456789abcdef0123456789abcdef";

    public static Task<InboundServer> StartAsync(bool http2 = false, Action<IServiceCollection>? services = null, bool strips = true) =>
        InboundServer.StartAsync(
            services ?? AddClients,
            app =>
            {
                if (strips)
                {
                    app.UseIdentityHeaderStripping();
                }

                app.Run(AnswerAsync);
            },
            http2);

    /// <summary>One with the names of every client, one with a name and a secret of its own, one with a name that servers know.</summary>
    public static void AddClients(IServiceCollection services)
    {
        services.AddMcpClient("notes", new Uri("http://notes.test/mcp")).AddClaimInjection();
        services.AddMcpClient("files", new Uri("http://files.test/mcp")).AddClaimInjection(options =>
        {
            options.Headers.Clear();
            options.Headers.Add("X-Tenant-Id", "tid");
            options.SharedSecret = new SharedSecret("X-Gateway-Secret", Secret);
        });
        services.AddHttpClient("mail", client => client.BaseAddress = new Uri("http://mail.test"))
            .AddClaimInjection(options => options.Headers.Add("From", "email"));
    }

    /// <summary>Gets the headers of an answer, but Host, as "name: value" for each value.</summary>
    public static string[] Headers(string answer) => JsonSerializer.Deserialize<string[]>(answer)!;

    /// <summary>Gets the items of Connection's list, or null where there is no such header.</summary>
    public static string[]? Connection(string answer)
    {
        string[] values = [.. Headers(answer).Where(header => header.StartsWith("Connection: ", StringComparison.Ordinal))];
        return values.Length == 0
            ? null
            : [.. values.SelectMany(value => value["Connection: ".Length..].Split(',', StringSplitOptions.TrimEntries))];
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        byte[] body = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
            from header in context.Request.Headers
            where header.Key is not "Host" && header.Key[0] != ':'
            from value in header.Value
            select $"{header.Key}: {value}"));
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }
}
