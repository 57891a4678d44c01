using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.Tests.Headers;

/// <summary>Every case of vectors.json against a real server, read as bytes from its socket.</summary>
public sealed class VectorTests
{
    public static TheoryData<string, bool> Cases() => TheoryCases.InBothWays(VectorCase.All.Select(vector => vector.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Vector_arrives_as_specified(string name, bool synchronous)
    {
        VectorCase vector = VectorCase.All.Single(candidate => candidate.Name == name);
        await using WireServer server = await WireServer.StartAsync();
        await using ServiceProvider services = Services(vector, server.Uri);
        using HttpClient client = services.CreateHttpClient();
        HttpRequestMessage request = Request(vector, server.Uri);

        using IdentityScope scope = AmbientIdentity.Use(vector.User);
        if (vector.Rejected)
        {
            await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(request, synchronous));
            Assert.Empty(server.Heads);
            return;
        }

        using HttpResponseMessage response = await client.SendAsync(request, synchronous);

        RawHead head = server.OnlyHead;
        AssertExpected(vector, head);
        Assert.Equal(ExpectedLineCount(vector, request), head.HeaderLines.Count);
    }

    private static void AssertExpected(VectorCase vector, RawHead head)
    {
        foreach ((string header, string value) in vector.Expect)
        {
            Assert.Equal([value], head.Values(header));
        }

        Assert.Equal(
            vector.Expect.Keys.Where(header => header.StartsWith("X-User-", StringComparison.Ordinal)).Order(),
            head.Identity.Select(header => header.Key).Order());

        if (vector.ConnectionWithout is { } without)
        {
            Assert.DoesNotContain(head.Values("Connection"), value => value.Contains(without, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>Host, the content's two headers, and the expected ones.</summary>
    private static int ExpectedLineCount(VectorCase vector, HttpRequestMessage request) =>
        vector.Expect.Count + (request.Content is null ? 1 : 3);

    private static HttpRequestMessage Request(VectorCase vector, Uri uri)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent("{}") };
        foreach (string[] header in vector.Request)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(header[0], header[1]));
        }

        foreach (string[] header in vector.ContentRequest)
        {
            Assert.True(request.Content.Headers.TryAddWithoutValidation(header[0], header[1]));
        }

        return request;
    }

    private static ServiceProvider Services(VectorCase vector, Uri endpoint)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", endpoint).AddClaimInjection(options =>
        {
            options.Encoding = vector.Encoding;
            if (vector.Headers is not null)
            {
                options.Headers.Clear();
                Array.ForEach(vector.Headers, header => options.Headers.Add(header.ToClaimHeader()));
            }
        });
        return services.BuildServiceProvider(validateScopes: true);
    }
}
