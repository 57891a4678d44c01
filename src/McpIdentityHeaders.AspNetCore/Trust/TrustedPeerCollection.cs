using System.Collections.ObjectModel;
using System.ComponentModel;
using McpIdentityHeaders.AspNetCore.Internal;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Addresses, networks and other places that peers may speak for users from.</summary>
[TypeConverter(typeof(TrustedPeerListConverter))]
public sealed class TrustedPeerCollection : Collection<string>
{
    /// <summary>Gets whether a configuration binder made it of a single value.</summary>
    internal bool IsSingleValue { get; init; }
}
