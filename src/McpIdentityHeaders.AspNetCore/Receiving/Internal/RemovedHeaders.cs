using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>
/// The headers that were taken out of a request, so that no exception page or log shows them: secrets and assertions at once, identity
/// headers where an option says so once they are judged. They are kept for every authentication that follows.
/// </summary>
internal sealed class RemovedHeaders
{
    private readonly HeaderDictionary _headers = [];
    private readonly List<Func<string, bool>> _pending = [];

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

    /// <summary>Takes headers out as soon as a scheme is asked: a policy scheme may select by them before.</summary>
    internal static void RemoveWhenAsked(HttpContext context, Func<string, bool> isRemoved) => GetOrAdd(context)._pending.Add(isRemoved);

    /// <summary>Takes out what waits for a scheme to be asked, unless the application has policy schemes.</summary>
    internal static async Task RemoveUnlessSelectedAsync(HttpContext context)
    {
        if (context.Features.Get<RemovedHeaders>() is { _pending.Count: > 0 }
            && !await HasPolicySchemeAsync(context).ConfigureAwait(false))
        {
            RemovePending(context);
        }
    }

    /// <summary>Takes out what waits for a scheme to be asked.</summary>
    internal static void RemovePending(HttpContext context)
    {
        if (context.Features.Get<RemovedHeaders>() is { } removed)
        {
            foreach (Func<string, bool> isRemoved in removed._pending)
            {
                Remove(context, isRemoved);
            }

            removed._pending.Clear();
        }
    }

    internal static void Remove(HttpContext context, Func<string, bool> isRemoved)
    {
        foreach (string name in context.Request.Headers.Keys.Where(isRemoved).ToArray())
        {
            RemovedHeaders removed = GetOrAdd(context);
            removed._headers[name] = StringValues.Concat(removed._headers[name], context.Request.Headers[name]);
            context.Request.Headers.Remove(name);
        }
    }

    private static RemovedHeaders GetOrAdd(HttpContext context)
    {
        RemovedHeaders removed = context.Features.Get<RemovedHeaders>() ?? new RemovedHeaders();
        context.Features.Set(removed);
        return removed;
    }

    private static async Task<bool> HasPolicySchemeAsync(HttpContext context)
    {
        var schemes = context.RequestServices.GetRequiredService<IAuthenticationSchemeProvider>();
        return (await schemes.GetAllSchemesAsync().ConfigureAwait(false)).Any(scheme => scheme.HandlerType == typeof(PolicySchemeHandler));
    }
}
