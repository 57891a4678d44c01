using System.Security.Cryptography;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Checks that a bound assertion is for this very request: method, URI, content and MCP session.</summary>
internal sealed class BindingCheck(Uri? publicOrigin)
{
    /// <returns>Why it is not; null where it is.</returns>
    internal async Task<string?> GetErrorAsync(HttpContext context, JsonWebToken token)
    {
        HttpRequest request = context.Request;
        if (Read(token, RequestBinding.MethodClaim) != request.Method)
        {
            return "it is bound to another method, or to none";
        }

        RequestTarget? target = GetTarget(request);
        if (target is null
            || Read(token, RequestBinding.UriClaim) != target.Uri
            || Read(token, RequestBinding.QueryClaim) != target.QueryDigest)
        {
            return "it is bound to another URI, or to none. If a proxy in front changes scheme or host, set PublicOrigin";
        }

        StringValues session = request.Headers["Mcp-Session-Id"];
        if (Read(token, RequestBinding.SessionClaim) != (session.Count == 0 ? null : session.ToString()))
        {
            return "it is bound to another MCP session, or to none";
        }

        return Read(token, RequestBinding.ContentClaim) == await ComputeDigestAsync(context).ConfigureAwait(false)
            ? null
            : "it is bound to other content, or to none. If the pipeline decompresses requests, call UseAuthentication before that";
    }

    private static string? Read(JsonWebToken token, string claim) => token.TryGetPayloadValue(claim, out string value) ? value : null;

    /// <summary>Gets the URI as the sender sees it; null where the host is none that a sender can name.</summary>
    private RequestTarget? GetTarget(HttpRequest request)
    {
        Uri? origin = publicOrigin;
        return origin is not null || Uri.TryCreate($"{request.Scheme}://{request.Host.ToUriComponent()}", UriKind.Absolute, out origin)
            ? RequestTarget.Create(RequestTarget.GetOrigin(origin), GetPathAndQuery(request))
            : null;
    }

    /// <summary>Gets path and query as they came: the decoded path stands for several that differ on the wire.</summary>
    private static string GetPathAndQuery(HttpRequest request)
    {
        string target = request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        if (!target.StartsWith('/'))
        {
            // The absolute form (RFC 9112, section 3.2.2); or a server that does not tell.
            int authority = target.IndexOf("://", StringComparison.Ordinal);
            int path = authority < 0 ? -1 : target.IndexOf('/', authority + "://".Length);
            target = path < 0 ? $"{request.PathBase}{request.Path}{request.QueryString}" : target[path..];
        }

        return GetPrefix(request, target) + target;
    }

    /// <summary>Gets the path in front of the one that was sent: a proxy took it off, and a forwarded header gave it back.</summary>
    private static string GetPrefix(HttpRequest request, string target)
    {
        int query = target.IndexOf('?', StringComparison.Ordinal);
        string sent = PathString.FromUriComponent(query < 0 ? target : target[..query]).Value!;
        string whole = request.PathBase.Value + request.Path.Value;
        return whole.Length > sent.Length && whole.EndsWith(sent, StringComparison.Ordinal)
            ? new PathString(whole[..^sent.Length]).ToUriComponent()
            : string.Empty;
    }

    /// <summary>Hashes the content, and leaves it for the endpoint to read (RFC 9530, section 2).</summary>
    private static async Task<string> ComputeDigestAsync(HttpContext context)
    {
        context.Request.EnableBuffering();
        context.Request.Body.Position = 0;
        byte[] hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted).ConfigureAwait(false);
        context.Request.Body.Position = 0;
        return ContentDigest.Format(hash);
    }
}
