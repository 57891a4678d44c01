namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Headers are checked while they are copied, and claims are found in one pass: neither may skip any.</summary>
public sealed class HeaderWalkTests
{
    [Theory]
    [InlineData("X-User-Sub", true)]
    [InlineData("X-User-Sub", false)]
    [InlineData("Connection", true)]
    [InlineData("Connection", false)]
    public async Task Line_break_in_a_dropped_or_filtered_header_is_refused(string name, bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice));
        HttpRequestMessage request = HttpTesting.Post().WithHeader(name, "X-User-Sub\r\nX-Evil: 1");

        ClaimInjectionException refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(request, synchronous));

        Assert.Contains($"'{name}' has a value with CR, LF or NUL", refused.Message, StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Connection_without_identity_header_names_is_kept_unchanged(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(Users.Alice));

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Post().WithHeader("Connection", "keep-alive, X-Hop", "X-Other"), synchronous);

        Assert.Equal(["keep-alive, X-Hop", "X-Other"], backend.Only.Values("Connection"));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Alias_of_a_name_over_64_characters_is_dropped_too(bool synchronous)
    {
        string name = "X-User-" + new string('a', 60) + "-Id";
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend, new PropertyAccessor(Users.Alice), options => options.Headers.Add(name, "id"));

        using HttpResponseMessage response = await client.SendAsync(
            HttpTesting.Post().WithHeader(name.Replace('-', '_'), "mallory"), synchronous);

        Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice Adams"], backend.Only.Identity);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Claim_types_of_equal_length_and_first_letter_are_all_found(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend,
            new PropertyAccessor(Users.With(("sub", "alice"), ("nope", "no"), ("nick", "al"), ("name", "Alice"), ("note", "a note"))),
            options =>
            {
                options.Headers.Add("X-User-Nick", "nick");
                options.Headers.Add("X-User-Note", "note");
            });

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Post(), synchronous);

        Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice", "X-User-Nick: al", "X-User-Note: a note"], backend.Only.Identity);
    }
}
