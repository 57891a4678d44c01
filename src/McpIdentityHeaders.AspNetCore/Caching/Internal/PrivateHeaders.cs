using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Response headers in which whatever is set as Cache-Control becomes <c>private</c>.</summary>
internal sealed class PrivateHeaders(IHeaderDictionary inner) : IHeaderDictionary
{
    public long? ContentLength
    {
        get => inner.ContentLength;
        set => inner.ContentLength = value;
    }

    public ICollection<string> Keys => inner.Keys;

    public ICollection<StringValues> Values => inner.Values;

    public int Count => inner.Count;

    public bool IsReadOnly => inner.IsReadOnly;

    public StringValues this[string key]
    {
        get => inner[key];
        set => inner[key] = MakePrivate(key, value);
    }

    public void Add(string key, StringValues value) => Add(KeyValuePair.Create(key, value));

    public void Add(KeyValuePair<string, StringValues> item) => inner.Add(KeyValuePair.Create(item.Key, MakePrivate(item.Key, item.Value)));

    public void Clear() => inner.Clear();

    public bool Contains(KeyValuePair<string, StringValues> item) => inner.Contains(item);

    public bool ContainsKey(string key) => inner.ContainsKey(key);

    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) => inner.CopyTo(array, arrayIndex);

    public bool Remove(string key) => inner.Remove(key);

    public bool Remove(KeyValuePair<string, StringValues> item) => inner.Remove(item);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StringValues value) => inner.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() => inner.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static StringValues MakePrivate(string key, StringValues value) =>
        value.Count > 0 && key.Equals(HeaderNames.CacheControl, StringComparison.OrdinalIgnoreCase)
            ? PrivateResponse.MakePrivate(value)
            : value;
}
