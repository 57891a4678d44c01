using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Assertions.Tests.Support;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>The rotation of docs/assertions.md, step by step, while users call all the time.</summary>
public sealed class KeyRotationTests
{
    private const int Workers = 4;

    // Less than an assertion's lifetime: what is under way must not expire by the test's clock.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FileCheck = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ConcurrentQueue<string> _keyIds = new();
    private readonly Channel<(int Worker, int Round, HttpStatusCode Status)> _calls =
        Channel.CreateUnbounded<(int Worker, int Round, HttpStatusCode Status)>();

    private readonly List<HttpStatusCode> _seen = [];

    private int _round;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Documented_rotation_refuses_nothing_while_users_call(bool byPlainBearer)
    {
        using var current = new TemporaryKeyFile();
        using var next = new TemporaryKeyFile();
        using var afterNext = new TemporaryKeyFile();
        var settings = new ChangingSettings(("Keys:0:PemFile", current.Path));
        await using AssertionHosts hosts = await StartAsync(settings, byPlainBearer);
        using var stop = new CancellationTokenSource();
        Task[] workers = [.. Enumerable.Range(0, Workers).Select(worker => Task.Run(() => CallAsync(hosts, worker, stop.Token)))];
        (string oldText, string newText) = (File.ReadAllText(current.Path), File.ReadAllText(next.Path));
        (string oldId, string newId) = (IdOf(oldText), IdOf(newText));
        await WaitForCallsAsync();

        // 1. Add the new key behind the current one.
        settings.Change(("Keys:1:PemFile", next.Path));
        await WaitForCallsAsync();

        // 2. Wait for 5 minutes, until verifiers have it.
        await PassAsync(TimeSpan.FromMinutes(5));
        await RefreshAsync(hosts, newId);
        await WaitForCallsAsync();
        Assert.Equal([oldId], _keyIds.Distinct());

        // 3. Swap the contents of the two files, which happens one by one.
        current.Write(newText);
        await PassAsync(FileCheck);
        next.Write(oldText);
        await PassAsync(FileCheck);
        _keyIds.Clear();
        await WaitForCallsAsync();
        await WaitForCallsAsync();
        Assert.Contains(newId, _keyIds);

        // 4. After another Lifetime, replace the old key by the key after the next.
        await PassAsync(TimeSpan.FromSeconds(60));
        next.Write(File.ReadAllText(afterNext.Path));
        await PassAsync(FileCheck);
        Assert.Contains(oldId, await GetPublishedAsync(hosts));

        // What was replaced is published for another 15 minutes.
        await PassAsync(TimeSpan.FromMinutes(15));
        Assert.Equal([newId, IdOf(File.ReadAllText(afterNext.Path))], await GetPublishedAsync(hosts));
        _keyIds.Clear();
        await WaitForCallsAsync();
        Assert.Equal([newId], _keyIds.Distinct());

        await stop.CancelAsync();
        await Task.WhenAll(workers);
        Assert.All(_seen, status => Assert.Equal(HttpStatusCode.OK, status));
    }

    private Task<AssertionHosts> StartAsync(ChangingSettings settings, bool byPlainBearer) => AssertionHosts.StartAsync(
        send: options => options.UseAuthorizationHeader = byPlainBearer,
        authenticate: byPlainBearer ? AddPlainBearer : null,
        keys: _ => { },
        before: app => app.Use((context, next) =>
        {
            string token = RemovedHeaders.GetAll(context)[byPlainBearer ? "Authorization" : AssertionHosts.Header].ToString();
            _keyIds.Enqueue(new JsonWebToken(token.Replace("Bearer ", string.Empty, StringComparison.Ordinal)).Kid);
            return next(context);
        }),
        time: _time,
        settings: settings.NewSection());

    private void AddPlainBearer(IServiceCollection services, Uri issuer, Uri address) => services
        .AddAuthentication(JwtBearerDefaults.AuthenticationScheme)
        .AddJwtBearer(options =>
        {
            options.Authority = AssertionHosts.NameOf(issuer);
            options.Audience = AssertionHosts.NameOf(address);
            options.RequireHttpsMetadata = false;
            options.MapInboundClaims = false;
            options.AutomaticRefreshInterval = TimeSpan.FromMinutes(5);
            options.TokenValidationParameters.LifetimeValidator = (notBefore, expires, _, _) =>
                notBefore <= _time.GetUtcNow().UtcDateTime && expires > _time.GetUtcNow().UtcDateTime;
        });

    /// <summary>Calls as one user after another, each with an assertion of its own, at an endpoint that needs a user.</summary>
    private async Task CallAsync(AssertionHosts hosts, int worker, CancellationToken stop)
    {
        for (int number = 0; !stop.IsCancellationRequested; number++)
        {
            int round = Volatile.Read(ref _round);
            var request = new HttpRequestMessage(HttpMethod.Get, new Uri(hosts.Backend, "/secret"));
            using HttpResponseMessage response = await hosts.SendAsync(Users.Named($"user{worker}-{number}"), request);
            _calls.Writer.TryWrite((worker, round, response.StatusCode));
        }
    }

    /// <summary>Waits until each worker has finished a call that it began after this.</summary>
    private async Task WaitForCallsAsync()
    {
        int round = Interlocked.Increment(ref _round);
        HashSet<int> waiting = [.. Enumerable.Range(0, Workers)];
        while (waiting.Count > 0)
        {
            (int worker, int began, HttpStatusCode status) = await _calls.Reader.ReadAsync().AsTask().WaitAsync(AsyncGate.Patience);
            _seen.Add(status);
            if (began == round)
            {
                waiting.Remove(worker);
            }
        }
    }

    private async Task PassAsync(TimeSpan duration)
    {
        for (TimeSpan left = duration; left > TimeSpan.Zero; left -= Tick)
        {
            _time.Advance(left < Tick ? left : Tick);
            await WaitForCallsAsync();
        }
    }

    /// <summary>Does what 5 minutes do to a configuration manager, which has a clock of its own.</summary>
    private static async Task RefreshAsync(AssertionHosts hosts, string expectedId)
    {
        if (hosts.Services.GetService<IOptionsMonitor<JwtBearerOptions>>()?.Get(JwtBearerDefaults.AuthenticationScheme).ConfigurationManager
            is not { } manager)
        {
            return;
        }

        manager.RequestRefresh();
        using var patience = new CancellationTokenSource(AsyncGate.Patience);
        while (!(await manager.GetConfigurationAsync(patience.Token)).SigningKeys.Any(key => key.KeyId == expectedId))
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<string[]> GetPublishedAsync(AssertionHosts hosts)
    {
        using var http = new HttpClient();
        string text = await http.GetStringAsync(new Uri(hosts.Issuer, "/.well-known/jwks.json"));
        return [.. new JsonWebKeySet(text).Keys.Select(key => key.Kid)];
    }

    private static string IdOf(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return Base64UrlEncoder.Encode(new ECDsaSecurityKey(key).ComputeJwkThumbprint());
    }
}
