namespace McpIdentityHeaders.Internal;

/// <summary>A key that stays.</summary>
internal sealed class FixedKeySource(string description, Func<AssertionKey> create, bool isForDevelopment = false) : KeySource(description)
{
    private readonly Lazy<AssertionKey> _key = new(create);

    internal override bool IsForDevelopment => isForDevelopment;

    internal override AssertionKey Read(TimeProvider time, Action<string>? onError = null) => _key.Value;
}
