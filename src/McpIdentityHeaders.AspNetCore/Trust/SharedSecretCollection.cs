using System.Collections.ObjectModel;
using System.ComponentModel;
using McpIdentityHeaders.AspNetCore.Internal;

namespace McpIdentityHeaders.AspNetCore;

/// <summary>Shared secrets of which one has to accompany an identity.</summary>
[TypeConverter(typeof(SharedSecretListConverter))]
public sealed class SharedSecretCollection : Collection<SharedSecret>;
