using CsCheck;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>For any configured name and any alias of it: identity headers are dropped, and no other header is.</summary>
public sealed class IdentityHeaderNameProperties
{
    private const int Iterations = 2_000;
    private const string Separators = "-_.";

    // Dense in the characters that aliases differ in, at any position.
    private static readonly Gen<string> Name = Gen.Char["-_.aAbBxXzZ09!^~"].Array[1, 14].Select(characters => new string(characters));

    // A configured name, another name, and an alias of the configured one.
    private static readonly Gen<(string Configured, string Other, string Alias)> Headers = Gen.Select(
        Name, Name, Gen.Int, (configured, other, seed) => (configured, other, ChangeSpelling(configured, new Random(seed))));

    [Fact]
    public void Alias_of_an_identity_header_is_dropped_and_other_headers_are_kept() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Configured);
            HttpRequestMessage request = HttpTesting.Post().WithHeader(headers.Alias, "mallory").WithHeader(headers.Other, "kept", "both");

            using HttpResponseMessage response = client.Send(request, CancellationToken.None);

            IEnumerable<string> kept = AreAliases(headers.Configured, headers.Other)
                ? []
                : [$"{headers.Other}: kept", $"{headers.Other}: both"];
            Assert.Equal(
                [.. kept, $"{headers.Configured}: alice"],
                backend.Only.Headers.Select(header => $"{header.Key}: {header.Value}"));
        },
        iter: Iterations, threads: 1);

    [Fact]
    public void Alias_of_an_identity_header_among_content_headers_is_refused() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Configured);
            HttpRequestMessage request = HttpTesting.Post();
            request.Content!.Headers.TryAddWithoutValidation(headers.Alias, "mallory");

            Assert.Throws<ClaimInjectionException>(() => client.Send(request, CancellationToken.None));
            Assert.Empty(backend.Requests);
        },
        iter: Iterations, threads: 1);

    [Fact]
    public void Alias_of_an_identity_header_is_removed_from_the_connection_header() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Configured);
            string connection = headers.Other.Length % 2 == 0 ? "connection" : "CONNECTION";

            using HttpResponseMessage response = client.Send(
                HttpTesting.Post().WithHeader(connection, $"keep-alive, {headers.Alias}"), CancellationToken.None);

            Assert.Equal(["keep-alive"], backend.Only.Values("Connection"));
        },
        iter: Iterations, threads: 1);

    private static HttpMessageInvoker Injection(HttpMessageHandler inner, string configured) => HttpTesting.Injection(
        inner,
        new PropertyAccessor(Users.Named("alice")),
        options =>
        {
            options.Headers.Clear();
            options.Headers.Add(configured, "sub");
        });

    private static bool AreAliases(string left, string right) => Fold(left) == Fold(right);

    private static string Fold(string name) => name.Replace('_', '-').Replace('.', '-').ToUpperInvariant();

    private static string ChangeSpelling(string name, Random random) => string.Concat(name.Select(character =>
        Separators.Contains(character, StringComparison.Ordinal) ? Separators[random.Next(Separators.Length)]
        : random.Next(2) == 0 ? char.ToUpperInvariant(character)
        : char.ToLowerInvariant(character)));
}
