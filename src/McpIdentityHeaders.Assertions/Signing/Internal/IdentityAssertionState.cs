using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// What of one client's assertions outlives a change of its settings: the keys that were read from files, and the development key. The plan
/// in force is the client's, so that all of its settings change together.
/// </summary>
internal sealed class IdentityAssertionState(IServiceProvider services, string name)
{
    private readonly ConcurrentDictionary<(string Path, string? Algorithm), KeySource> _files = new();
    private readonly ILogger _logger = services.CreateLogger("McpIdentityHeaders.IdentityAssertion");
    private readonly TimeProvider _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
    private KeySource? _developmentKey;
    private int _warned;

    /// <summary>Gets the plan in force.</summary>
    /// <exception cref="OptionsValidationException">The client's settings are not valid, and never were.</exception>
    internal IdentityAssertionPlan Plan =>
        (IdentityAssertionPlan)services.GetRequiredKeyedService<ClaimInjectionState>(name).Plan.Assertion!;

    /// <summary>Makes a plan of the options as they are now; what is wrong with them is in it.</summary>
    internal AssertionHeader CreateHeader()
    {
        try
        {
            return CreateHeader(services.GetRequiredService<IOptionsFactory<IdentityAssertionOptions>>().Create(name));
        }
        catch (OptionsValidationException exception)
        {
            return new AssertionHeader(name: null, replacesHeaders: false, [.. exception.Failures]);
        }
        catch (InvalidOperationException exception)
        {
            // A configuration section that cannot be read.
            return new AssertionHeader(name: null, replacesHeaders: false, [$"HttpClient '{name}': {exception.Message}"]);
        }
    }

    private AssertionHeader CreateHeader(IdentityAssertionOptions options)
    {
        var keys = new AssertionKeyRing(name, [.. options.Keys.Sources.Select(GetOrAdd)], _time, _logger);
        string[] errors = [.. keys.GetValidationErrors().Select(error => $"HttpClient '{name}': {error}")];
        if (errors.Length > 0)
        {
            return new AssertionHeader(options.UseAuthorizationHeader ? null : options.HeaderName, options.ReplaceHeaders, errors);
        }

        if (keys.HasDevelopmentKey && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _logger.DevelopmentKey(name);
        }

        var client = services.GetRequiredKeyedService<ClaimInjectionState>(name);
        return new IdentityAssertionPlan(options, keys, new AssertionSigner(options, keys, client.Telemetry, _time));
    }

    /// <summary>Keeps an earlier source: a reload must not lose the last good key, or make another development key.</summary>
    private KeySource GetOrAdd(KeySource source) => source switch
    {
        PemFileKeySource file => _files.GetOrAdd(file.Identity, source),
        { IsForDevelopment: true } => Interlocked.CompareExchange(ref _developmentKey, source, null) ?? source,
        _ => source,
    };
}
