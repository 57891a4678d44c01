namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Headers with a value that code makes of the user.</summary>
public sealed class CodeHeaderTests
{
    public static TheoryData<string, ClaimHeader> Values => new()
    {
        { "X-Tenant: contoso", new ClaimHeader("X-Tenant", _ => "contoso") },
        { "X-Tenant: user:alice", new ClaimHeader("X-Tenant", user => "user:" + user.FindFirst("sub")!.Value) },
        { "X-Tenant: =?base64?Sm9zw6k=?=", new ClaimHeader("X-Tenant", _ => "José") },
        { "X-Tenant: =?base64?YQ0KWC1FdmlsOiAx?=", new ClaimHeader("X-Tenant", _ => "a\r\nX-Evil: 1") },
        { "X-Tenant: a", new ClaimHeader("X-Tenant", _ => ["a", "b"]) },
        { "X-Tenant: a%2Cb,c", new ClaimHeader("X-Tenant", _ => ["a,b", " ", "c"]) { Format = ClaimValueFormat.CommaSeparated } },
        { """X-Tenant: ["a","b"]""", new ClaimHeader("X-Tenant", _ => ["a", "b"]) { Format = ClaimValueFormat.JsonArray } },
    };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public async Task Value_from_code_is_encoded_as_a_claim_is(string expected, ClaimHeader header)
    {
        RecordedRequest sent = await SendAsync(header);

        Assert.Equal([expected], sent.Values("X-Tenant").Select(value => $"X-Tenant: {value}"));
    }

    public static TheoryData<ClaimHeader> Without => new()
    {
        new ClaimHeader("X-Tenant", user => user.FindFirst("tenant")?.Value),
        new ClaimHeader("X-Tenant", _ => " "),
        new ClaimHeader("X-Tenant", _ => Array.Empty<string>()),
    };

    [Theory]
    [MemberData(nameof(Without), DisableDiscoveryEnumeration = true)]
    public async Task Header_without_a_value_from_code_is_left_out(ClaimHeader header)
    {
        RecordedRequest sent = await SendAsync(header);

        Assert.False(sent.Has("X-Tenant"));
        Assert.Equal(["alice"], sent.Values("X-User-Sub"));
    }

    [Fact]
    public async Task Code_sees_the_one_user_and_no_other_identity()
    {
        var user = new ClaimsPrincipal([Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "bob"), ("tenant", "bobs"))]);
        var header = new ClaimHeader("X-Tenant", principal => principal.FindFirst("tenant")?.Value ?? "none");

        RecordedRequest sent = await SendAsync(header, user, options => options.SelectIdentity = principal => principal.Identities.First());

        Assert.Equal(["none"], sent.Values("X-Tenant"));
    }

    public static TheoryData<ClaimInjectionErrorReason, ClaimHeader> Refused => new()
    {
        {
            ClaimInjectionErrorReason.InvalidClaim,
            new ClaimHeader("X-Tenant", string? (_) => throw new InvalidOperationException("s3cret"))
        },
        { ClaimInjectionErrorReason.InvalidClaim, new ClaimHeader("X-Tenant", _ => Failing()) },
        { ClaimInjectionErrorReason.InvalidClaim, new ClaimHeader("X-Tenant", _ => "s3cret\ud800") },
        { ClaimInjectionErrorReason.MissingClaim, new ClaimHeader("X-Tenant", string? (_) => null) { Required = true } },
        { ClaimInjectionErrorReason.HeadersTooLong, new ClaimHeader("X-Tenant", _ => new string('a', 5000)) },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task Failing_code_refuses_the_request_and_is_not_quoted(ClaimInjectionErrorReason reason, ClaimHeader header)
    {
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SendAsync(header));

        Assert.Equal(reason, refused.Reason);
        Assert.Contains("'X-Tenant'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Name_of_a_header_from_code_follows_the_rules()
    {
        var options = new ClaimInjectionOptions();
        options.Headers.Add(new ClaimHeader("Authorization", _ => "Bearer x"));

        var error = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains("'Authorization' cannot be configured", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Failing()
    {
        yield return "a";
        throw new InvalidOperationException("s3cret");
    }

    private static async Task<RecordedRequest> SendAsync(
        ClaimHeader header, ClaimsPrincipal? user = null, Action<ClaimInjectionOptions>? configure = null)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user ?? Users.Alice), options =>
        {
            options.Headers.Add(header);
            configure?.Invoke(options);
        });
        using HttpResponseMessage response =
            await client.SendAsync(HttpTesting.Get().WithHeader("X_Tenant", "mallory"), synchronous: false);
        Assert.False(backend.Only.Has("X_Tenant"));
        return backend.Only;
    }
}
