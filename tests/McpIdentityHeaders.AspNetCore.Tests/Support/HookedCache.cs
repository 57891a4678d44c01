using Microsoft.Extensions.Caching.Distributed;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A distributed cache in memory, with what a test puts in front of it.</summary>
internal sealed class HookedCache : IDistributedCache
{
    private readonly MemoryDistributedCache _cache = new(
        Microsoft.Extensions.Options.Options.Create(new Microsoft.Extensions.Caching.Memory.MemoryDistributedCacheOptions()));

    private int _calls;

    /// <summary>Gets or sets what runs before a call, given how many there were.</summary>
    public Func<int, Task>? Before { get; set; }

    /// <summary>Gets or sets whether it forgets what it is given, as a full one does.</summary>
    public bool Forgets { get; set; }

    /// <summary>Gets for how long the last entry is kept.</summary>
    public TimeSpan? Kept { get; private set; }

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        await BeforeAsync();
        return await _cache.GetAsync(key, CancellationToken.None);
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await BeforeAsync();
        Kept = options.AbsoluteExpirationRelativeToNow;
        if (Forgets)
        {
            return;
        }

        await _cache.SetAsync(key, value, options, CancellationToken.None);
    }

    public byte[]? Get(string key) => throw new NotSupportedException();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public void Refresh(string key) => throw new NotSupportedException();

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public Task RemoveAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

    private Task BeforeAsync() => Before?.Invoke(Interlocked.Increment(ref _calls)) ?? Task.CompletedTask;
}
