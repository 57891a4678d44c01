using ModelContextProtocol.Authentication;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>A minimal token cache, as an application might write it.</summary>
internal sealed class MemoryTokenCache : ITokenCache
{
    private volatile TokenContainer? _tokens;

    /// <summary>Gets the access token that it has, or null.</summary>
    public string? AccessToken => _tokens?.AccessToken;

    public ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_tokens);

    public ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        _tokens = tokens;
        return ValueTask.CompletedTask;
    }
}
