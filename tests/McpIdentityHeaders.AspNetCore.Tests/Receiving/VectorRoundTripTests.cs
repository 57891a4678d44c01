using System.Net;
using System.Text.Json;
using McpIdentityHeaders.Tests.Headers;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>Every accepted case of vectors.json that has a subject, sent by the one package and received by the other.</summary>
public sealed class VectorRoundTripTests
{
    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (VectorCase vector in VectorCase.All.Where(vector => vector.Expect.ContainsKey("X-User-Sub")))
        {
            data.Add(vector.Name, false);
            data.Add(vector.Name, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Claims_arrive_as_they_were(string name, bool http2)
    {
        VectorCase vector = VectorCase.All.Single(candidate => candidate.Name == name);
        await using ReceivingServer server = await ReceivingServer.StartAsync(
            options =>
            {
                ReceivingServer.TrustLoopback(options);
                options.Encoding = vector.Encoding;
                SetHeaders(options.Headers, vector);
            },
            http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        await using ServiceProvider services = Sender(vector, server.Uri);
        using HttpClient client = services.GetRequiredService<IHttpClientFactory>().CreateClient("backend");

        using IdentityScope scope = AmbientIdentity.Use(vector.User);
        using HttpResponseMessage response = await client.SendAsync(Request(vector, server.Uri, http2));

        ReceivedUser user = await ReceivingServer.UserOfAsync(response);
        Assert.Equal(http2 ? HttpVersion.Version20 : HttpVersion.Version11, response.Version);
        Assert.True(user.IsAuthenticated);
        Assert.Equal(ExpectedClaims(vector), user.Claims.Select(claim => (claim.Type, claim.Value)));
    }

    [Fact]
    public void There_are_cases_of_each_kind() => Assert.True(Cases().Count > 60);

    /// <summary>What the sender's user has, worked out from the case's claims and not by decoding what was sent.</summary>
    private static IEnumerable<(string Type, string Value)> ExpectedClaims(VectorCase vector)
    {
        foreach (ClaimHeader header in HeadersOf(vector).Where(header => vector.Expect.ContainsKey(header.HeaderName)))
        {
            string[][] claims = header.ClaimTypes
                .Select(type => Array.FindAll(vector.Claims, claim => claim[0] == type && !string.IsNullOrWhiteSpace(claim[1])))
                .First(claims => claims.Length > 0);

            foreach (string value in claims.SelectMany(claim => Items(claim, header.JsonPath))
                .Take(header.Format == ClaimValueFormat.Single ? 1 : int.MaxValue))
            {
                yield return (header.JsonPath ?? header.ClaimTypes[0], value);
            }
        }
    }

    private static IEnumerable<string> Items(string[] claim, string? jsonPath)
    {
        if (claim.Length < 3)
        {
            return [claim[1]];
        }

        using var document = JsonDocument.Parse(claim[1]);
        JsonElement array = jsonPath is null ? document.RootElement : document.RootElement.GetProperty(jsonPath);
        return [.. array.EnumerateArray().Select(item => item.GetString()!)];
    }

    private static ClaimHeaderCollection HeadersOf(VectorCase vector)
    {
        ClaimHeaderCollection headers = new ClaimInjectionOptions().Headers;
        SetHeaders(headers, vector);
        return headers;
    }

    private static void SetHeaders(ClaimHeaderCollection headers, VectorCase vector)
    {
        if (vector.Headers is not null)
        {
            headers.Clear();
            Array.ForEach(vector.Headers, header => headers.Add(header.ToClaimHeader()));
        }
    }

    private static HttpRequestMessage Request(VectorCase vector, Uri uri, bool http2)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            Content = new StringContent("{}"),
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        foreach (string[] header in vector.Request)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(header[0], header[1]));
        }

        return request;
    }

    private static ServiceProvider Sender(VectorCase vector, Uri endpoint)
    {
        var services = new ServiceCollection();
        services.AddMcpClient("backend", endpoint).AddClaimInjection(options =>
        {
            options.Encoding = vector.Encoding;
            SetHeaders(options.Headers, vector);
        });
        return services.BuildServiceProvider(validateScopes: true);
    }
}
