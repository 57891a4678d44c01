using System.Net.NetworkInformation;

namespace McpIdentityHeaders.AspNetCore.Tests.Support;

/// <summary>A test that needs ::1, which not every machine has.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class Ipv6FactAttribute : FactAttribute
{
    public Ipv6FactAttribute()
    {
        bool has = NetworkInterface.GetAllNetworkInterfaces().Any(network => network.GetIPProperties().UnicastAddresses
            .Any(address => address.Address.Equals(System.Net.IPAddress.IPv6Loopback)));
        Skip = has ? null : "There is no ::1 on this machine.";
    }
}
