using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>What all assertion handlers of one client share.</summary>
internal sealed class IdentityAssertionState : IDisposable
{
    private readonly Lazy<AssertionSigner> _signer;

    internal IdentityAssertionState(IServiceProvider services, string name)
    {
        ILogger logger = services.GetService<ILoggerFactory>()?.CreateLogger(typeof(IdentityAssertionHandler)) ?? NullLogger.Instance;
        TimeProvider time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        Options = services.GetRequiredService<IOptionsFactory<IdentityAssertionOptions>>().Create(name);
        Keys = new AssertionKeyRing(name, Options.Keys.Sources, time, logger);
        ClaimInjectionState client = services.GetRequiredKeyedService<ClaimInjectionState>(name);
        string[] errors = [.. Keys.GetValidationErrors().Concat(IdentityAssertionOptionsValidator.GetMapErrors(client.Plan))];
        if (errors.Length > 0)
        {
            throw new OptionsValidationException(
                name, typeof(IdentityAssertionOptions), errors.Select(error => $"HttpClient '{name}': {error}"));
        }

        if (Options.Keys.Sources.Any(source => source.IsForDevelopment))
        {
            logger.DevelopmentKey(name);
        }

        _signer = new Lazy<AssertionSigner>(() => new AssertionSigner(Options, Keys, client, time));
    }

    internal IdentityAssertionOptions Options { get; }

    internal AssertionKeyRing Keys { get; }

    public void Dispose()
    {
        if (_signer.IsValueCreated)
        {
            _signer.Value.Dispose();
        }
    }

    internal IdentityAssertionHandler CreateHandler() => new(Options, _signer.Value);
}
