namespace McpIdentityHeaders.Tests.Injection;

/// <summary>Each refusal carries a reason that a program can act on.</summary>
public sealed class ErrorReasonTests
{
    public static TheoryData<ClaimInjectionErrorReason, ClaimsPrincipal?, Action<ClaimInjectionOptions>> Refusals => new()
    {
        { ClaimInjectionErrorReason.UnknownUser, null, options => options.MissingIdentity = MissingIdentityBehavior.Reject },
        { ClaimInjectionErrorReason.UnknownUser, null, options => options.MissingIdentity = MissingIdentityBehavior.RequireUser },
        {
            ClaimInjectionErrorReason.AnonymousUser,
            Users.Anonymous,
            options => options.MissingIdentity = MissingIdentityBehavior.RequireUser
        },
        {
            ClaimInjectionErrorReason.AnonymousUser,
            new ClaimsPrincipal(),
            options => options.MissingIdentity = MissingIdentityBehavior.RequireUser
        },
        {
            ClaimInjectionErrorReason.AmbiguousUser,
            new ClaimsPrincipal([Users.SignedIn(("sub", "a")), Users.SignedIn(("sub", "b"))]),
            _ => { }
        },
        {
            ClaimInjectionErrorReason.MissingClaim,
            Users.Alice,
            options => options.Headers.Add(new ClaimHeader("X-Org", "org") { Required = true })
        },
        { ClaimInjectionErrorReason.InvalidClaim, Users.Named("\ud800"), _ => { } },
        { ClaimInjectionErrorReason.HeadersTooLong, Users.Alice, options => options.MaxHeaderValueLength = 2 },
        { ClaimInjectionErrorReason.HeadersTooLong, Users.Alice, options => options.MaxTotalLength = 2 },
        { ClaimInjectionErrorReason.InsecureTransport, Users.Alice, options => options.RequireHttps = true },
    };

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public async Task Refusal_carries_its_reason(
        ClaimInjectionErrorReason reason, ClaimsPrincipal? user, Action<ClaimInjectionOptions> configure)
    {
        var refused = await RefuseAsync(HttpTesting.Get(), user, configure);

        Assert.Equal(reason, refused.Reason);
    }

    [Fact]
    public async Task Forged_header_is_refused_with_its_reason()
    {
        HttpRequestMessage content = HttpTesting.Post();
        content.Content!.Headers.TryAddWithoutValidation("X-User-Sub", "mallory");

        Assert.Equal(ClaimInjectionErrorReason.ForgedHeader, (await RefuseAsync(content, Users.Alice)).Reason);
        Assert.Equal(
            ClaimInjectionErrorReason.ForgedHeader,
            (await RefuseAsync(HttpTesting.Get().WithHeader("X-Other", "a\r\nX-User-Sub: mallory"), Users.Alice)).Reason);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Required_user_is_let_through(bool synchronous)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend, new PropertyAccessor(Users.Alice), options => options.MissingIdentity = MissingIdentityBehavior.RequireUser);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous);

        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
    }

    [Fact]
    public void Exception_of_other_code_has_no_reason()
    {
        Assert.Equal(ClaimInjectionErrorReason.Unspecified, new ClaimInjectionException("other").Reason);
        Assert.Equal(ClaimInjectionErrorReason.OtherUser, new ClaimInjectionException("other", ClaimInjectionErrorReason.OtherUser).Reason);
    }

    private static async Task<ClaimInjectionException> RefuseAsync(
        HttpRequestMessage request, ClaimsPrincipal? user, Action<ClaimInjectionOptions>? configure = null)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user), configure);
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(request, synchronous: false));
        Assert.Empty(backend.Requests);
        return refused;
    }
}
