using CsCheck;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Whatever name a header is given, and however an outsider spells it: what is owned goes, and nothing else does.</summary>
public sealed class IdentityHeaderNameProperties
{
    private const int Iterations = 2_000;
    private const string Aliased = "-_.";

    // Dense in what an alias may differ in, wherever it stands, the first character included.
    private static readonly Gen<string> Name = Gen.Char["-_.aAbBxXzZ09!^~"].Array[1, 14].Select(characters => new string(characters));

    // A name that is configured, another header's, and how the first is spelled by the outsider.
    private static readonly Gen<(string Owned, string Other, string Spelling)> Headers = Gen.Select(
        Name, Name, Gen.Int, (owned, other, seed) => (owned, other, Respell(owned, new Random(seed))));

    [Fact]
    public void Alias_of_an_identity_header_is_dropped_and_other_headers_are_kept() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Owned);
            HttpRequestMessage request = HttpTesting.Post().WithHeader(headers.Spelling, "mallory").WithHeader(headers.Other, "kept", "both");

            using HttpResponseMessage response = client.Send(request, CancellationToken.None);

            IEnumerable<string> kept = AreOne(headers.Owned, headers.Other) ? [] : [$"{headers.Other}: kept", $"{headers.Other}: both"];
            Assert.Equal(
                [.. kept, $"{headers.Owned}: alice"],
                backend.Only.Headers.Select(header => $"{header.Key}: {header.Value}"));
        },
        iter: Iterations, threads: 1);

    [Fact]
    public void Alias_of_an_identity_header_among_content_headers_is_refused() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Owned);
            HttpRequestMessage request = HttpTesting.Post();
            request.Content!.Headers.TryAddWithoutValidation(headers.Spelling, "mallory");

            Assert.Throws<ClaimInjectionException>(() => client.Send(request, CancellationToken.None));
            Assert.Empty(backend.Requests);
        },
        iter: Iterations, threads: 1);

    [Fact]
    public void Alias_of_an_identity_header_is_removed_from_the_connection_header() => Headers.Sample(
        headers =>
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = Injection(backend, headers.Owned);
            string connection = headers.Other.Length % 2 == 0 ? "connection" : "CONNECTION";

            using HttpResponseMessage response = client.Send(
                HttpTesting.Post().WithHeader(connection, $"keep-alive, {headers.Spelling}"), CancellationToken.None);

            Assert.Equal(["keep-alive"], backend.Only.Values("Connection"));
        },
        iter: Iterations, threads: 1);

    private static HttpMessageInvoker Injection(HttpMessageHandler inner, string owned) => HttpTesting.Injection(
        inner,
        new PropertyAccessor(Users.Named("alice")),
        options =>
        {
            options.Headers.Clear();
            options.Headers.Add(owned, "sub");
        });

    private static bool AreOne(string left, string right) => Fold(left) == Fold(right);

    private static string Fold(string name) => name.Replace('_', '-').Replace('.', '-').ToUpperInvariant();

    private static string Respell(string name, Random random) => string.Concat(name.Select(character =>
        Aliased.Contains(character, StringComparison.Ordinal) ? Aliased[random.Next(Aliased.Length)]
        : random.Next(2) == 0 ? char.ToUpperInvariant(character)
        : char.ToLowerInvariant(character)));
}
