using System.Net;
using System.Net.Http.Headers;
using System.Reflection;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// A clone has every public property of the request and of its headers: one that the framework adds has to be added here.
/// </summary>
public sealed class WholeCloneTests
{
    private static readonly Dictionary<string, Action<HttpRequestMessage>> Samples = new()
    {
        ["Content"] = request => request.Content = new StringContent("{}"),
        ["Method"] = request => request.Method = HttpMethod.Patch,
        ["RequestUri"] = request => request.RequestUri = new Uri("http://backend.test/other"),
        ["Version"] = request => request.Version = HttpVersion.Version20,
        ["VersionPolicy"] = request => request.VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ["Options"] = request => request.Options.Set(new HttpRequestOptionsKey<string>("option"), "value"),
        ["Headers.Accept"] = request => request.Headers.Accept.ParseAdd("text/html; q=0.5"),
        ["Headers.AcceptCharset"] = request => request.Headers.AcceptCharset.ParseAdd("utf-8"),
        ["Headers.AcceptEncoding"] = request => request.Headers.AcceptEncoding.ParseAdd("gzip"),
        ["Headers.AcceptLanguage"] = request => request.Headers.AcceptLanguage.ParseAdd("de"),
        ["Headers.Authorization"] = request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "token"),
        ["Headers.CacheControl"] = request => request.Headers.CacheControl = new CacheControlHeaderValue { NoStore = true },
        ["Headers.Connection"] = request => request.Headers.Connection.Add("X-Other"),
        ["Headers.ConnectionClose"] = request => request.Headers.ConnectionClose = true,
        ["Headers.Date"] = request => request.Headers.Date = DateTimeOffset.UnixEpoch,
        ["Headers.Expect"] = request => request.Headers.Expect.ParseAdd("other"),
        ["Headers.ExpectContinue"] = request => request.Headers.ExpectContinue = true,
        ["Headers.From"] = request => request.Headers.From = "a@example.com",
        ["Headers.Host"] = request => request.Headers.Host = "other.test",
        ["Headers.IfMatch"] = request => request.Headers.IfMatch.ParseAdd("\"a\""),
        ["Headers.IfModifiedSince"] = request => request.Headers.IfModifiedSince = DateTimeOffset.UnixEpoch,
        ["Headers.IfNoneMatch"] = request => request.Headers.IfNoneMatch.ParseAdd("\"a\""),
        ["Headers.IfRange"] = request => request.Headers.IfRange = new RangeConditionHeaderValue("\"a\""),
        ["Headers.IfUnmodifiedSince"] = request => request.Headers.IfUnmodifiedSince = DateTimeOffset.UnixEpoch,
        ["Headers.MaxForwards"] = request => request.Headers.MaxForwards = 3,
        ["Headers.Pragma"] = request => request.Headers.Pragma.ParseAdd("no-cache"),
        ["Headers.Protocol"] = request => request.Headers.Protocol = "websocket",
        ["Headers.ProxyAuthorization"] = request => request.Headers.ProxyAuthorization = new AuthenticationHeaderValue("Basic", "a"),
        ["Headers.Range"] = request => request.Headers.Range = new RangeHeaderValue(1, 2),
        ["Headers.Referrer"] = request => request.Headers.Referrer = new Uri("http://referrer.test"),
        ["Headers.TE"] = request => request.Headers.TE.ParseAdd("trailers"),
        ["Headers.Trailer"] = request => request.Headers.Trailer.Add("X-Trailer"),
        ["Headers.TransferEncoding"] = request => request.Headers.TransferEncoding.ParseAdd("gzip"),
        ["Headers.TransferEncodingChunked"] = request => request.Headers.TransferEncodingChunked = true,
        ["Headers.Upgrade"] = request => request.Headers.Upgrade.ParseAdd("websocket"),
        ["Headers.UserAgent"] = request => request.Headers.UserAgent.ParseAdd("product/1.0"),
        ["Headers.Via"] = request => request.Headers.Via.ParseAdd("1.1 proxy"),
        ["Headers.Warning"] = request => request.Headers.Warning.ParseAdd("199 - \"a\""),
    };

    public static TheoryData<string> Properties =>
    [
        .. PropertiesOf(typeof(HttpRequestMessage)).Where(name => name != "Headers"),
        .. PropertiesOf(typeof(HttpRequestHeaders)).Select(name => "Headers." + name),
    ];

    [Theory]
    [MemberData(nameof(Properties))]
    public async Task Clone_has_the_property_of_the_request(string property)
    {
        Assert.True(Samples.ContainsKey(property), $"No sample of {property}. Copy it to the clone, and add a sample.");

        foreach (bool handlerAlone in (bool[])[true, false])
        {
            var backend = new RecordingHandler();
            var accessor = new PropertyAccessor(Users.Alice);
            using HttpMessageInvoker client =
                handlerAlone ? HttpTesting.Injection(backend, accessor) : HttpTesting.Chain(backend, accessor);
            var untouched = new HttpRequestMessage(HttpMethod.Get, HttpTesting.Endpoint);
            var request = new HttpRequestMessage(HttpMethod.Get, HttpTesting.Endpoint);
            Samples[property](request);
            string before = Describe(request, property);

            using HttpResponseMessage response = await client.SendAsync(request, synchronous: false);

            Assert.NotSame(request, backend.Only.Message);
            Assert.NotEqual(Describe(untouched, property), before);
            Assert.Equal(before, Describe(backend.Only.Message, property));
            Assert.Equal(before, Describe(request, property));
        }
    }

    // The obsolete Properties are the options by another name; NonValidated is another view of the headers.
    private static IEnumerable<string> PropertiesOf(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(property => property.Name)
        .Where(name => name is not ("Properties" or "NonValidated" or "Item"))
        .Distinct();

    private static string Describe(HttpRequestMessage request, string property)
    {
        object? value = property.Split('.')
            .Aggregate((object?)request, (owner, name) => owner!.GetType().GetProperty(name)!.GetValue(owner));
        return value switch
        {
            HttpRequestOptions options => string.Join("; ", options.Select(option => $"{option.Key}={option.Value}")),
            HttpContent content => content.GetHashCode().ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => value?.ToString() ?? "null",
        };
    }
}
