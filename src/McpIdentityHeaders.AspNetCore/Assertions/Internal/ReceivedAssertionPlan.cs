using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One scheme's valid options, compiled and immutable. One plan serves a request from beginning to end.</summary>
/// <param name="options">The options.</param>
/// <param name="keys">The issuer's keys.</param>
/// <param name="verifier">What verifies by them.</param>
internal sealed class ReceivedAssertionPlan(ReceivedAssertionOptions options, VerificationKeys keys, IAssertionVerifier verifier)
{
    private readonly PlainHeaders _headers = new(options.Headers, options.Encoding);
    private readonly CompanionHeaders? _companions = AssertionProfile.Find(options.Profile)?.Companions;

    internal ReceivedAssertionOptions Options => options;

    internal VerificationKeys Keys => keys;

    internal IAssertionVerifier Verifier => verifier;

    /// <summary>Gets what tags the activities of requests; null where nothing does.</summary>
    internal UserActivityTagger? UserTagger { get; } = UserActivityTagger.Create(options.UserActivityTag, options.UserActivityTagKey);

    /// <summary>Gets what checks the binding; null where none is required.</summary>
    internal BindingCheck? Binding { get; } = options.RequireBinding ? new BindingCheck(options.PublicOrigin) : null;

    /// <summary>Whether it is the assertion's header, or an alias of it.</summary>
    internal bool IsAssertion(string headerName) => HeaderAlias.EqualsLeniently(options.HeaderName, headerName);

    /// <summary>Whether it is a plain header that the profile's proxy sends beside the assertion, or an alias of one.</summary>
    internal bool IsCompanion(string headerName) => _companions?.Contains(headerName) == true;

    /// <summary>Whether it is such a header that says who the user is. Others, such as an access token, are the application's.</summary>
    internal bool IsComparedCompanion(string headerName) => _companions?.IsCompared(headerName) == true;

    /// <returns>Why the plain headers beside an assertion disagree with it; null where they agree, or there are none.</returns>
    internal string? GetHeaderError(IHeaderDictionary headers, JsonWebToken token) =>
        _companions is null ? _headers.GetError(headers, claim => ReadClaim(token, claim)) : _companions.GetError(headers, token);

    /// <summary>Reads the values of a claim, which may be a list.</summary>
    internal static IEnumerable<string> ReadClaim(JsonWebToken token, string name) =>
        token.Claims.Where(claim => claim.Type == name).Select(claim => claim.Value);
}
