namespace McpIdentityHeaders.Tests.Headers;

/// <summary>The path into a JSON claim, where names have dots and backslashes.</summary>
public sealed class JsonPathTests
{
    [Theory]
    [InlineData("roles", """{"roles":"a"}""")]
    [InlineData("a.roles", """{"a":{"roles":"a"}}""")]
    [InlineData("""my\.app.roles""", """{"my.app":{"roles":"a"}}""")]
    [InlineData("""https://api\.example\.com.roles""", """{"https://api.example.com":{"roles":"a"}}""")]
    [InlineData("""my\.app""", """{"my.app":"a"}""")]
    [InlineData("""a\\.b""", """{"a\\":{"b":"a"}}""")]
    [InlineData("""a\\\.b""", """{"a\\.b":"a"}""")]
    [InlineData("""\.""", """{".":"a"}""")]
    public async Task Path_reaches_the_value(string path, string json)
    {
        Assert.Equal("a", await SentFor(path, json));
    }

    [Theory]
    [InlineData("""my\.app.roles""", """{"my":{"app":{"roles":"a"}}}""")]
    [InlineData("my.app.roles", """{"my.app":{"roles":"a"}}""")]
    public async Task Escaped_dot_is_no_separator_and_a_plain_one_is_no_name(string path, string json)
    {
        Assert.Null(await SentFor(path, json));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("""a\""")]
    [InlineData("""a\b""")]
    [InlineData("""a\\\""")]
    public void Malformed_path_is_refused_with_the_syntax(string path)
    {
        var options = new ClaimInjectionOptions();
        options.Headers.Add(new ClaimHeader("X-User-A", "a") { JsonPath = path });

        var error = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains("""'my\.app.roles'""", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string?> SentFor(string path, string json)
    {
        var backend = new RecordingHandler();
        ClaimsPrincipal user = Users.With(("sub", "alice"), ("json", json));
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend, new PropertyAccessor(user), options => options.Headers.Add(new ClaimHeader("X-User-A", "json") { JsonPath = path }));
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);
        return backend.Only.Values("X-User-A").SingleOrDefault();
    }
}
