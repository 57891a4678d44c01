using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>One scheme's valid options, compiled and immutable. One plan serves a request from beginning to end.</summary>
/// <param name="options">The options.</param>
/// <param name="keys">The issuer's keys.</param>
/// <param name="verifier">What verifies by them.</param>
internal sealed class ReceivedAssertionPlan(ReceivedAssertionOptions options, VerificationKeys keys, AssertionVerifier verifier)
{
    internal ReceivedAssertionOptions Options => options;

    internal VerificationKeys Keys => keys;

    internal AssertionVerifier Verifier => verifier;

    internal PlainHeaders Headers { get; } = new(options.Headers, options.Encoding);

    /// <summary>Gets what tags the activities of requests; null where nothing does.</summary>
    internal UserActivityTagger? UserTagger { get; } = UserActivityTagger.Create(options.UserActivityTag, options.UserActivityTagKey);

    /// <summary>Gets what checks the binding; null where none is required.</summary>
    internal BindingCheck? Binding { get; } = options.RequireBinding ? new BindingCheck(options.PublicOrigin) : null;

    /// <summary>Whether it is the assertion's header, or an alias of it.</summary>
    internal bool IsAssertion(string headerName) => HeaderAlias.EqualsLeniently(options.HeaderName, headerName);

    /// <summary>Whether a request has an assertion, or what could pass for one.</summary>
    internal bool HasAssertion(IHeaderDictionary headers) => headers.Any(header => IsAssertion(header.Key));
}
