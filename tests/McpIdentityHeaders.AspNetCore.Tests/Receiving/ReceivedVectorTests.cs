using McpIdentityHeaders.Tests.Headers;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>The values for receivers of vectors.json that HTTP can carry, over a socket.</summary>
public sealed class ReceivedVectorTests
{
    public static TheoryData<string> Names() =>
        [.. ReceivedVector.All.Where(vector => CanTravel(vector.Value)).Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Receiver_takes_the_canonical_form_alone(string name)
    {
        ReceivedVector vector = ReceivedVector.All.Single(candidate => candidate.Name == name);
        foreach (bool http2 in new[] { false, true })
        {
            await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options => options.Encoding = HeaderValueEncoding.Mcp);
            string line = $"X-User-Name: {vector.Value}";
            if (vector.Refused)
            {
                await host.AssertMalformedAsync(http2, "X-User-Sub: alice", line);
                continue;
            }

            RawResponse response = await host.SendAsync(http2, "/open", "X-User-Sub: alice", line);

            Assert.Equal([vector.Text!], response.User.Values("name"));
        }
    }

    /// <summary>Kestrel takes outer spaces off, and refuses line ends, NUL and what is no UTF-8 itself.</summary>
    private static bool CanTravel(string value) =>
        value == value.Trim() && value.All(char.IsAscii) && value.AsSpan().IndexOfAny("\r\n\0") < 0;
}
