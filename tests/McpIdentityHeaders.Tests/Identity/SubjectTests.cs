namespace McpIdentityHeaders.Tests.Identity;

/// <summary>What a user's subject is: one value of the first of the configured claim types.</summary>
public sealed class SubjectTests
{
    public static TheoryData<string, ClaimsPrincipal> TwoSubjects => new()
    {
        { "one identity", Users.With(("sub", "alice"), ("sub", "bob")) },
        {
            "one identity, the second far behind",
            Users.With(("sub", "alice"), ("name", "Alice"), ("email", "a@example.com"), ("sub", "bob"))
        },
        { "NameIdentifier", Users.With((ClaimTypes.NameIdentifier, "alice"), (ClaimTypes.NameIdentifier, "bob")) },
        { "case", Users.With(("sub", "alice"), ("sub", "Alice")) },
        { "a contributor", new ClaimsPrincipal([Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "alice"), ("sub", "bob"))]) },
        { "two identities", new ClaimsPrincipal([Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "bob"))]) },
    };

    [Theory]
    [MemberData(nameof(TwoSubjects), DisableDiscoveryEnumeration = true)]
    public async Task Two_subjects_are_refused_before_anything_is_sent(string where, ClaimsPrincipal user)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous: false));

        Assert.True(refused.Reason == ClaimInjectionErrorReason.AmbiguousUser, where);
        Assert.Empty(backend.Requests);
        Assert.DoesNotContain("alice", refused.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    public static TheoryData<string, ClaimsPrincipal> OneSubject => new()
    {
        { "alice", Users.With(("sub", "alice"), ("sub", "alice")) },
        { "alice", Users.With(("sub", " "), ("sub", "alice")) },
        { "alice", Users.With(("sub", "alice"), (ClaimTypes.NameIdentifier, "another")) },
        { "alice", Users.With((ClaimTypes.NameIdentifier, "one"), (ClaimTypes.NameIdentifier, "two"), ("sub", "alice")) },
    };

    [Theory]
    [MemberData(nameof(OneSubject), DisableDiscoveryEnumeration = true)]
    public async Task One_subject_is_sent_whatever_claims_stand_beside_it(string subject, ClaimsPrincipal user)
    {
        Assert.Equal([$"X-User-Sub: {subject}"], await SentFor(user));
    }

    [Fact]
    public async Task Selected_identity_with_two_subjects_is_refused()
    {
        var two = Users.SignedIn(("sub", "alice"), ("sub", "bob"));
        var user = new ClaimsPrincipal([two, Users.SignedIn(("sub", "carol"))]);

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(user, options => options.SelectIdentity = _ => two));

        Assert.Contains("two different values of the claim 'sub'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oid")]
    [InlineData("impersonated_sub")]
    [InlineData("upn")]
    [InlineData(ClaimTypes.Upn)]
    public async Task Subject_header_follows_the_configured_claim_types(string claimType)
    {
        ClaimsPrincipal user = Users.With(("sub", "pairwise"), (claimType, "alice"));

        Assert.Equal(["X-User-Sub: alice"], await SentFor(user, options => SetSubject(options, claimType)));
    }

    [Fact]
    public async Task First_configured_claim_type_with_a_value_is_the_subject()
    {
        string[] sent = await SentFor(Users.With(("sub", "alice"), ("oid", "")), options => SetSubject(options, "oid", "sub"));

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    [Fact]
    public async Task Subject_header_of_the_applications_own_keeps_its_claim_types()
    {
        string[] sent = await SentFor(Users.With(("sub", "alice"), ("oid", "1")), options =>
        {
            SetSubject(options, "oid");
            options.Headers.Add("X-User-Sub", "sub");
        });

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    [Fact]
    public async Task Subject_of_a_configured_claim_type_is_never_omitted()
    {
        ClaimsPrincipal user = Users.With(("oid", new string('a', 30)));

        await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(user, options =>
        {
            SetSubject(options, "oid");
            options.MaxHeaderValueLength = 20;
            options.OversizedValue = OversizedValueBehavior.Omit;
        }));
    }

    [Fact]
    public void Subject_claim_types_must_not_be_empty()
    {
        var options = new ClaimInjectionOptions();
        options.SubjectClaimTypes.Clear();

        var error = Assert.Throws<ArgumentException>(() => new ClaimInjectionHandler(new PropertyAccessor(), options));

        Assert.Contains("SubjectClaimTypes is empty", error.Message, StringComparison.Ordinal);
    }

    private static void SetSubject(ClaimInjectionOptions options, params string[] claimTypes)
    {
        options.SubjectClaimTypes.Clear();
        Array.ForEach(claimTypes, options.SubjectClaimTypes.Add);
    }

    private static async Task<string[]> SentFor(ClaimsPrincipal user, Action<ClaimInjectionOptions>? configure = null)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user), configure);
        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);
        return backend.Only.Identity;
    }
}
