namespace McpIdentityHeaders.Tests.Identity;

/// <summary>Which of a principal's identities is the user, and which identities' claims are sent.</summary>
public sealed class OneUserTests
{
    [Fact]
    public async Task Unauthenticated_identity_is_never_sent()
    {
        string[] sent = await SentFor(
            Users.NotSignedIn(("sub", "mallory"), ("email", "mallory@example.com")),
            Users.SignedIn(("sub", "alice")),
            Users.NotSignedIn(("name", "Mallory")));

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    [Fact]
    public async Task Principal_without_an_authenticated_identity_is_anonymous()
    {
        string[] sent = await SentFor(Users.NotSignedIn(("sub", "mallory")));

        Assert.Empty(sent);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Two_subjects_are_refused_in_either_order(bool reversed)
    {
        ClaimsIdentity[] identities =
            [Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "service"), ("email", "service@example.com"))];

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(reversed ? [.. identities.Reverse()] : identities));

        Assert.Contains("SelectIdentity", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["alice","bob"]""", false)]
    [InlineData("""["alice","bob","alice"]""", false)]
    [InlineData("""["alice","alice"]""", true)]
    [InlineData("""["alice"]""", true)]
    [InlineData("""["alice","\ud800"]""", false)]
    public async Task Json_array_of_subjects_is_several_subjects(string subject, bool isOne)
    {
        var identity = new ClaimsIdentity([new Claim("sub", subject, "JSON_ARRAY")], "test");

        Exception? refused = await Record.ExceptionAsync(async () => Assert.Equal(["X-User-Sub: alice"], await SentFor(identity)));

        Assert.Equal(isOne ? null : ClaimInjectionErrorReason.AmbiguousUser, (refused as ClaimInjectionException)?.Reason);
        Assert.Equal(isOne, refused is null);
    }

    [Fact]
    public async Task One_subject_of_two_issuers_is_refused() => await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(
        Users.SignedIn(("sub", "alice"), ("iss", "https://one.example")),
        Users.SignedIn(("sub", "alice"), ("iss", "https://two.example"))));

    [Fact]
    public async Task One_subject_under_both_claim_types_is_one_user()
    {
        string[] sent = await SentFor(
            Users.SignedIn(("sub", "alice")),
            Users.SignedIn((ClaimTypes.NameIdentifier, "alice"), ("email", "alice@example.com")));

        Assert.Equal(["X-User-Sub: alice", "X-User-Email: alice@example.com"], sent);
    }

    [Fact]
    public async Task Identity_without_a_subject_contributes_after_the_users_claims()
    {
        string[] sent = await SentFor(
            Users.SignedIn(("name", "billing service"), ("email", "alice@example.com")),
            Users.SignedIn(("sub", "alice"), (ClaimTypes.Name, "Alice")));

        Assert.Equal(["X-User-Sub: alice", "X-User-Email: alice@example.com", "X-User-Name: Alice"], sent);
    }

    [Fact]
    public async Task List_starts_with_the_users_values_followed_by_contributed_ones()
    {
        string[] sent = await SentFor(
            options => options.Headers.Add(new ClaimHeader("X-User-Roles", "role") { Format = ClaimValueFormat.CommaSeparated }),
            Users.SignedIn(("role", "transformed")),
            Users.SignedIn(("sub", "alice"), ("role", "viewer"), ("role", "editor")));

        Assert.Contains("X-User-Roles: viewer,editor,transformed", sent);
    }

    [Fact]
    public async Task Identities_without_any_subject_all_contribute_in_order()
    {
        string[] sent =
            await SentFor(Users.SignedIn(("email", "first@example.com")), Users.SignedIn(("email", "second@example.com"), ("name", "N")));

        Assert.Equal(["X-User-Email: first@example.com", "X-User-Name: N"], sent);
    }

    [Fact]
    public async Task SelectIdentity_chooses_one_subject_and_the_others_contribute_nothing()
    {
        string[] sent = await SentFor(
            options => options.SelectIdentity = principal => principal.Identities.Single(identity => identity.HasClaim("sub", "alice")),
            Users.SignedIn(("sub", "service"), ("email", "service@example.com")),
            Users.SignedIn(("sub", "alice")));

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    [Fact]
    public async Task SelectIdentity_that_returns_an_unauthenticated_identity_is_refused() =>
        await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(
        options => options.SelectIdentity = _ => Users.NotSignedIn(("sub", "mallory")),
        Users.SignedIn(("sub", "alice")),
        Users.SignedIn(("sub", "bob"))));

    [Fact]
    public async Task SelectIdentity_that_throws_is_refused_without_quoting_the_message()
    {
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(
            options => options.SelectIdentity = _ => throw new TimeoutException("no identity for alice"),
            Users.SignedIn(("sub", "alice")),
            Users.SignedIn(("sub", "bob"))));

        Assert.Contains(nameof(TimeoutException), refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelectIdentity_that_returns_another_principals_identity_is_refused()
    {
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(
            options => options.SelectIdentity = _ => Users.SignedIn(("sub", "root")),
            Users.SignedIn(("sub", "alice")),
            Users.SignedIn(("sub", "bob"))));

        Assert.Contains("did not choose one of the principal's authenticated identities", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelectIdentity_that_returns_null_is_refused()
    {
        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => SentFor(
            options => options.SelectIdentity = _ => null, Users.SignedIn(("sub", "alice")), Users.SignedIn(("sub", "bob"))));

        Assert.Contains("chose none of the principal's identities", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelectIdentity_is_not_called_for_a_single_subject()
    {
        string[] sent = await SentFor(
            options => options.SelectIdentity = _ => throw new InvalidOperationException("called"),
            Users.SignedIn(("sub", "alice")),
            Users.SignedIn(("name", "Alice")));

        Assert.Equal(["X-User-Sub: alice", "X-User-Name: Alice"], sent);
    }

    [Fact]
    public async Task Claim_types_are_compared_exactly()
    {
        string[] sent = await SentFor(Users.SignedIn(("SUB", "mallory"), ("sub", "alice"), ("Email", "mallory@example.com")));

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    [Fact]
    public async Task Claim_list_that_enumerates_less_than_it_holds_sends_only_those()
    {
        string[] sent = await SentFor(
            options => options.Headers.Add(new ClaimHeader("X-User-Groups", "groups") { Format = ClaimValueFormat.CommaSeparated }),
            new OwnClaims(
                new WithoutRevoked { new("sub", "alice"), new("groups", "staff"), new("groups", "revoked"), new("email", "revoked") }));

        Assert.Equal(["X-User-Sub: alice", "X-User-Groups: staff"], sent);
    }

    [Fact]
    public async Task Identity_list_that_enumerates_none_is_anonymous()
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client =
            HttpTesting.Chain(backend, new PropertyAccessor(new OwnIdentities([Users.SignedIn(("sub", "alice"))])));

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);

        Assert.Empty(backend.Only.Identity);
    }

    [Fact]
    public async Task Claims_after_another_identitys_subject_are_not_enumerated()
    {
        static IEnumerable<Claim> Bobs()
        {
            yield return new Claim("sub", "bob");
            throw new InvalidOperationException("enumerated");
        }

        string[] sent = await SentFor(
            options => options.SelectIdentity = principal => principal.Identities.First(),
            Users.SignedIn(("sub", "alice")),
            new OwnClaims(Bobs()));

        Assert.Equal(["X-User-Sub: alice"], sent);
    }

    private static Task<string[]> SentFor(params ClaimsIdentity[] identities) => SentFor(_ => { }, identities);

    private static async Task<string[]> SentFor(Action<ClaimInjectionOptions> configure, params ClaimsIdentity[] identities)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(new ClaimsPrincipal(identities)), configure);

        using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: false);

        return backend.Only.Identity;
    }

    private sealed class OwnClaims(IEnumerable<Claim> claims) : ClaimsIdentity("test")
    {
        public override IEnumerable<Claim> Claims => claims;
    }

    private sealed class OwnIdentities(WithoutAny identities) : ClaimsPrincipal
    {
        public override IEnumerable<ClaimsIdentity> Identities => identities;
    }

    private sealed class WithoutAny : List<ClaimsIdentity>, IEnumerable<ClaimsIdentity>
    {
        IEnumerator<ClaimsIdentity> IEnumerable<ClaimsIdentity>.GetEnumerator() => Enumerable.Empty<ClaimsIdentity>().GetEnumerator();
    }

    private sealed class WithoutRevoked : List<Claim>, IEnumerable<Claim>
    {
        IEnumerator<Claim> IEnumerable<Claim>.GetEnumerator() =>
            this.Where<Claim>(claim => claim.Value != "revoked").ToList().GetEnumerator();
    }
}
