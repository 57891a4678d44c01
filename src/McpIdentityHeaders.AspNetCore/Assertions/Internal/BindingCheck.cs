using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks that a bound assertion is for this very request: method, URI, content and MCP session.</summary>
internal sealed class BindingCheck(Uri? publicOrigin)
{
    private const string DigestPrefix = "sha-256=:";

    /// <returns>Why it is not; null where it is.</returns>
    internal async Task<string?> GetErrorAsync(HttpContext context, JsonWebToken token)
    {
        HttpRequest request = context.Request;
        if (Read(token, "htm") != request.Method)
        {
            return "it is bound to another method, or to none";
        }

        if (Read(token, "htu") != GetTarget(request))
        {
            return "it is bound to another URI, or to none. If a proxy in front changes the URI, set PublicOrigin";
        }

        StringValues session = request.Headers["Mcp-Session-Id"];
        if (Read(token, "mcp_session_id") != (session.Count == 0 ? null : session.ToString()))
        {
            return "it is bound to another MCP session, or to none";
        }

        return Read(token, "content_digest") == await ComputeDigestAsync(context).ConfigureAwait(false)
            ? null
            : "it is bound to other content, or to none";
    }

    private static string? Read(JsonWebToken token, string claim) => token.TryGetPayloadValue(claim, out string value) ? value : null;

    private string GetTarget(HttpRequest request)
    {
        string origin = publicOrigin is null
            ? $"{request.Scheme}://{WithoutDefaultPort(request)}"
            : publicOrigin.GetLeftPart(UriPartial.Authority);
        return $"{origin}{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}";
    }

    private static string WithoutDefaultPort(HttpRequest request) => (request.Scheme, request.Host.Port) switch
    {
        ("https", 443) or ("http", 80) => new HostString(request.Host.Host).ToUriComponent(),
        _ => request.Host.ToUriComponent(),
    };

    /// <summary>Hashes the content, and leaves it for the endpoint to read (RFC 9530, section 2).</summary>
    private static async Task<string> ComputeDigestAsync(HttpContext context)
    {
        context.Request.EnableBuffering();
        byte[] hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted).ConfigureAwait(false);
        context.Request.Body.Position = 0;
        return $"{DigestPrefix}{Convert.ToBase64String(hash)}:";
    }
}
