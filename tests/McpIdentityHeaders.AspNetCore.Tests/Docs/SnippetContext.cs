using System.Security.Cryptography.X509Certificates;
using McpIdentityHeaders.AspNetCore.Tests.Recipes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>What a reader of a fragment has at hand, under the names that the pages use. It is compiled against, and never run.</summary>
internal static class SnippetContext
{
    public static IServiceCollection services => null!;

    public static WebApplicationBuilder builder => null!;

    public static WebApplication app => null!;

    public static IConfiguration configuration => null!;

    public static IConfigurationSection section => null!;

    public static Uri endpoint => null!;

    public static Uri backend => null!;

    public static X509Certificate2 certificate => null!;

    public static ClaimsPrincipal user => null!;

    public static ClaimsPrincipal userOfThisMachine => null!;

    public static IIdentityAccessor accessor => null!;

    public static ClaimInjectionOptions options => null!;

    public static HttpRequestMessage request => null!;

    public static IMcpClientPool pool => null!;

    public static IMcpClientPool clients => null!;

    public static IChatClient agent => null!;

    public static List<ChatMessage> messages => null!;

    public static TokenCaches caches => null!;

    public static HybridCache cache => null!;

    public static IConnectionMultiplexer connection => null!;

    public static Notes notes => null!;

    public static CancellationToken cancellationToken => default;
}
