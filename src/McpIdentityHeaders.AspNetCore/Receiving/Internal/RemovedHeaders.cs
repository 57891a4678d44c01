using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The headers that were taken out of a request, so that no exception page or log shows them: secrets and assertions at once, identity
/// headers where an option says so once they are judged. They are kept for every authentication that follows.
/// </summary>
internal sealed class RemovedHeaders
{
    private readonly HeaderDictionary _headers = [];

    /// <summary>Gets the request's headers, with those that were taken out.</summary>
    internal static IHeaderDictionary GetAll(HttpContext context)
    {
        if (context.Features.Get<RemovedHeaders>() is not { } removed)
        {
            return context.Request.Headers;
        }

        HeaderDictionary all = [];
        foreach ((string name, StringValues values) in context.Request.Headers.Concat(removed._headers))
        {
            all[name] = StringValues.Concat(all[name], values);
        }

        return all;
    }

    internal static void Remove(HttpContext context, Func<string, bool> isRemoved)
    {
        foreach (string name in context.Request.Headers.Keys.Where(isRemoved).ToArray())
        {
            RemovedHeaders removed = context.Features.Get<RemovedHeaders>() ?? new RemovedHeaders();
            context.Features.Set(removed);
            removed._headers[name] = StringValues.Concat(removed._headers[name], context.Request.Headers[name]);
            context.Request.Headers.Remove(name);
        }
    }
}
