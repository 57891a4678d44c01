using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>Notifies of a change of options that are set in code.</summary>
internal sealed class OptionsChange<TOptions>(string name) : IOptionsChangeTokenSource<TOptions>
{
    private ConfigurationReloadToken _change = new();

    public string Name => name;

    public IChangeToken GetChangeToken() => _change;

    public void Notify() => Interlocked.Exchange(ref _change, new ConfigurationReloadToken()).OnReload();
}
