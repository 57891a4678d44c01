using System.Net;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>A cache of used ids that fails, hangs or forgets accepts nothing.</summary>
public sealed class ReplayCacheTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly HookedCache _cache = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cache_that_fails_at_any_call_accepts_nothing(int failing)
    {
        await using AssertionHosts hosts = await StartAsync();
        _cache.Before = call => call == failing ? throw new IOException("the cache says alice") : Task.CompletedTask;

        HttpStatusCode status = await CallAsync(hosts, AssertionDraft.ForRequest(hosts).Sign());
        HttpStatusCode next = await CallAsync(hosts, AssertionDraft.ForRequest(hosts).Sign());

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (status, next));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Level == LogLevel.Warning
            && record.Message.Contains("IOException", StringComparison.Ordinal));
        Assert.DoesNotContain(
            hosts.Logs.GetSnapshot(), record => $"{record.Message} {record.Exception}".Contains("alice", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cache_that_hangs_at_any_call_accepts_nothing_and_is_not_waited_for(int hanging)
    {
        var gate = new AsyncGate();
        await using AssertionHosts hosts = await StartAsync();
        string token = AssertionDraft.ForRequest(hosts).Sign();
        _cache.Before = call => call == hanging ? gate.WaitAsync() : Task.CompletedTask;

        Task<HttpStatusCode> first = CallAsync(hosts, token);
        await gate.Arrived;
        _time.Advance(TimeSpan.FromSeconds(5));
        HttpStatusCode refused = await first.WaitAsync(AsyncGate.Patience);
        HttpStatusCode again = await CallAsync(hosts, token);
        gate.Release();

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (refused, again));
        Assert.Contains(
            hosts.Logs.GetSnapshot(), record => record.Message.Contains("did not respond within 5 seconds", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cache_that_forgets_what_it_is_given_accepts_nothing()
    {
        await using AssertionHosts hosts = await StartAsync();
        _cache.Forgets = true;

        HttpStatusCode forgotten = await CallAsync(hosts, AssertionDraft.ForRequest(hosts).Sign());
        _cache.Forgets = false;
        HttpStatusCode kept = await CallAsync(hosts, AssertionDraft.ForRequest(hosts).Sign());

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (forgotten, kept));
        Assert.Single(hosts.Logs.GetSnapshot(), record => record.Message.Contains("a cache that is not full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Used_id_is_kept_for_as_long_as_it_could_be_used_and_no_longer()
    {
        await using AssertionHosts hosts = await StartAsync();
        AssertionDraft draft = AssertionDraft.ForRequest(hosts);
        var end = DateTimeOffset.FromUnixTimeSeconds(draft.Payload["exp"]!.GetValue<long>());

        await CallAsync(hosts, draft.Sign());

        Assert.Equal(end - _time.GetUtcNow() + TimeSpan.FromSeconds(30), _cache.Kept);
    }

    [Fact]
    public async Task Used_id_of_an_assertion_that_is_about_to_end_is_kept_for_a_second()
    {
        await using AssertionHosts hosts = await StartAsync();
        AssertionDraft draft = AssertionDraft.ForRequest(hosts);
        var end = DateTimeOffset.FromUnixTimeSeconds(draft.Payload["exp"]!.GetValue<long>()) + TimeSpan.FromSeconds(30);
        _time.Advance(end - TimeSpan.FromMilliseconds(1) - _time.GetUtcNow());

        HttpStatusCode status = await CallAsync(hosts, draft.Sign());

        Assert.Equal((HttpStatusCode.OK, TimeSpan.FromSeconds(1)), (status, _cache.Kept));
    }

    [Fact]
    public async Task Assertion_that_a_failing_cache_has_not_marked_can_be_sent_again()
    {
        await using AssertionHosts hosts = await StartAsync();
        string token = AssertionDraft.ForRequest(hosts).Sign();
        _cache.Before = call => call == 1 ? throw new IOException() : Task.CompletedTask;

        HttpStatusCode[] statuses = [await CallAsync(hosts, token), await CallAsync(hosts, token), await CallAsync(hosts, token)];

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.Unauthorized], statuses);
    }

    [Fact]
    public async Task Equal_ids_of_two_issuers_are_two()
    {
        await using AssertionHosts first = await StartAsync();
        await using AssertionHosts second = await StartAsync();
        AssertionDraft ofFirst = AssertionDraft.ForRequest(first);
        AssertionDraft ofSecond = AssertionDraft.ForRequest(second);
        ofFirst.Payload["jti"] = "1";
        ofSecond.Payload["jti"] = "1";

        HttpStatusCode[] statuses = [await CallAsync(first, ofFirst.Sign()), await CallAsync(second, ofSecond.Sign())];

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], statuses);
    }

    [Fact]
    public async Task Replicas_that_mark_an_id_before_either_looks_again_accept_it_once()
    {
        await using AssertionHosts first = await StartAsync();
        await using AssertionHosts second = await StartReplicaAsync(first);
        string token = AssertionDraft.ForRequest(first).Sign();

        // Each replica looks, marks and looks again; neither is a step ahead of the other.
        TaskCompletionSource[] steps =
            [.. Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        _cache.Before = call =>
        {
            TaskCompletionSource step = steps[(call - 1) / 2];
            if (call % 2 == 0)
            {
                step.SetResult();
            }

            return step.Task.WaitAsync(AsyncGate.Patience);
        };
        HttpStatusCode[] statuses = await Task.WhenAll(CallAsync(first, token), CallAsync(second, token));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Unauthorized], statuses.Order());
        Assert.All(steps, step => Assert.True(step.Task.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Assertion_that_one_replica_has_accepted_is_refused_by_another()
    {
        await using AssertionHosts first = await StartAsync();
        await using AssertionHosts second = await StartReplicaAsync(first);
        string token = AssertionDraft.ForRequest(first).Sign();

        HttpStatusCode accepted = await CallAsync(first, token);
        HttpStatusCode replayed = await CallAsync(second, token);
        HttpStatusCode another = await CallAsync(second, AssertionDraft.ForRequest(first).Sign());

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.OK), (accepted, replayed, another));
    }

    private Task<AssertionHosts> StartReplicaAsync(AssertionHosts first) => AssertionHosts.StartAsync(
        receive: options =>
        {
            options.Issuer = AssertionHosts.NameOf(first.Issuer);
            options.Audience = AssertionHosts.NameOf(first.Backend);
            options.Authority = first.Issuer;
            options.PublicOrigin = first.Backend;
            options.RequireBinding = true;
        },
        services: services => services.AddSingleton<IDistributedCache>(_cache),
        time: _time);

    private Task<AssertionHosts> StartAsync() => AssertionHosts.StartAsync(
        receive: options => options.RequireBinding = true,
        services: services => services.AddSingleton<IDistributedCache>(_cache),
        time: _time);

    private static async Task<HttpStatusCode> CallAsync(AssertionHosts hosts, string token)
    {
        using HttpResponseMessage response =
            await hosts.SendTokenAsync(token, request => request.WithHeader("Mcp-Session-Id", "session-1"));
        return response.StatusCode;
    }
}
