using System.Collections.ObjectModel;
using System.ComponentModel;
using McpIdentityHeaders.AspNetCore.Internal;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Addresses, networks and other places that peers may speak for users from.</summary>
[TypeConverter(typeof(TrustedPeerListConverter))]
public sealed class TrustedPeerCollection : Collection<string>;
