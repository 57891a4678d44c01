namespace McpIdentityHeaders.Tests.Identity;

/// <summary>A principal that another thread changes while a request reads it.</summary>
public sealed class ChangedPrincipalTests
{
    private const int Requests = 20_000;

    private static readonly string[] Whole = ["X-User-Sub: alice", "X-User-Email: alice@example.com", "X-User-Name: Alice Adams"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_carries_all_headers_or_is_refused_while_claims_change(bool severalIdentities)
    {
        ClaimsIdentity identity = Users.SignedIn(("sub", "alice"), ("email", "alice@example.com"), ("name", "Alice Adams"));
        var user = new ClaimsPrincipal(severalIdentities ? [identity, Users.SignedIn(("role", "reader"))] : [identity]);

        await SendWhile(
            () =>
            {
                identity.AddClaim(new Claim("role", "writer"));
                identity.RemoveClaim(identity.FindFirst("role"));
            },
            user);
    }

    [Fact]
    public async Task Request_carries_all_headers_or_is_refused_while_identities_are_added()
    {
        var user = new ClaimsPrincipal(Users.SignedIn(("sub", "alice"), ("email", "alice@example.com"), ("name", "Alice Adams")));
        int added = 0;

        await SendWhile(
            () =>
            {
                if (added++ < 200)
                {
                    user.AddIdentity(Users.SignedIn(("role", "reader")));
                }
            },
            user,
            requests: 2_000);
    }

    [Theory]
    [InlineData(2, false, true)]
    [InlineData(3, false, false)]
    [InlineData(2, true, true)]
    [InlineData(3, true, false)]
    public async Task Claims_that_change_while_they_are_read_are_read_again_or_refused(int changes, bool ofAnother, bool isSent)
    {
        ClaimsIdentity alice = Users.SignedIn(("sub", "alice"));
        ClaimsIdentity identity = ofAnother ? Users.SignedIn(("role", "reader")) : alice;
        var backend = new RecordingHandler();
        var user = new ClaimsPrincipal([alice, identity]);
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(user), options =>
            options.Headers.Add(new ClaimHeader("X-Tenant", _ =>
            {
                if (changes-- > 0)
                {
                    identity.AddClaim(new Claim("role", "admin"));
                }

                return ["one"];
            })));

        Exception? refused = await Record.ExceptionAsync(
            () => client.SendAsync(HttpTesting.Get("http://backend.test/"), synchronous: false));

        Assert.Equal(isSent ? null : ClaimInjectionErrorReason.AmbiguousUser, (refused as ClaimInjectionException)?.Reason);
        Assert.Equal(isSent ? 1 : 0, backend.Requests.Count);
        Assert.Equal(isSent, changes < 0);
    }

    [Fact]
    public async Task Claims_that_change_each_time_they_are_listed_are_refused()
    {
        var changing = new Changing();
        using HttpMessageInvoker client = HttpTesting.Chain(new RecordingHandler(), new PropertyAccessor(new ClaimsPrincipal(changing)));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous: false));

        Assert.Equal(ClaimInjectionErrorReason.AmbiguousUser, refused.Reason);
        Assert.Contains("changed while it was read", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Principal_with_an_identity_that_changes_as_it_is_listed_is_refused(bool isFirst)
    {
        ClaimsIdentity[] identities = [Users.SignedIn(("sub", "alice")), new Failing()];
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(
            backend, new PropertyAccessor(new ClaimsPrincipal(isFirst ? identities.Reverse() : identities)));

        var refused = await Assert.ThrowsAsync<ClaimInjectionException>(() => client.SendAsync(HttpTesting.Get(), synchronous: false));

        Assert.Equal(ClaimInjectionErrorReason.AmbiguousUser, refused.Reason);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Claims_of_an_identity_that_becomes_another_users_are_never_sent()
    {
        int refusals = 0;
        for (int readings = 0; readings < 12; readings++)
        {
            var backend = new RecordingHandler();
            using HttpMessageInvoker client = HttpTesting.Chain(
                backend,
                new PropertyAccessor(new ClaimsPrincipal([Users.SignedIn(("sub", "alice")), new Turning(readings)])),
                options => options.Headers.Add("X-User-Role", "role"));

            if (await Record.ExceptionAsync(() => client.SendAsync(HttpTesting.Get(), synchronous: false)) is { } exception)
            {
                Assert.Equal(ClaimInjectionErrorReason.AmbiguousUser, Assert.IsType<ClaimInjectionException>(exception).Reason);
                refusals++;
            }

            Assert.All(backend.Requests, sent => Assert.Equal(["X-User-Sub: alice", "X-User-Role: reader"], sent.Identity));
        }

        Assert.InRange(refusals, 2, 11);
    }

    private static async Task SendWhile(Action change, ClaimsPrincipal user, int requests = Requests)
    {
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Injection(backend, new PropertyAccessor(user));
        using var done = new CancellationTokenSource();
        Task changing = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                change();
            }
        });

        int refused = 0;
        for (int request = 0; request < requests; request++)
        {
            try
            {
                using HttpResponseMessage response = await client.SendAsync(HttpTesting.Get(), synchronous: true);
            }
            catch (ClaimInjectionException exception) when (exception.Reason == ClaimInjectionErrorReason.AmbiguousUser)
            {
                refused++;
            }
        }

        await done.CancelAsync();
        await changing;
        Assert.Equal(requests - refused, backend.Requests.Count);
        Assert.All(backend.Requests, sent => Assert.Equal(Whole, sent.Identity));
    }

    /// <summary>Enumerates as a list does that changes meanwhile.</summary>
    private sealed class Changing() : ClaimsIdentity("test")
    {
        public override IEnumerable<Claim> Claims
        {
            get
            {
                List<Claim> claims = [new("sub", "alice"), new("name", "Alice")];
                foreach (Claim claim in claims)
                {
                    claims.Add(claim);
                    yield return claim;
                }
            }
        }
    }

    /// <summary>Enumerates as an iterator over a list does that changes meanwhile.</summary>
    private sealed class Failing() : ClaimsIdentity("test")
    {
        public override IEnumerable<Claim> Claims
        {
            get
            {
                yield return new Claim("role", "reader");
                throw new InvalidOperationException("Collection was modified.");
            }
        }
    }

    /// <summary>An identity without a subject, until it has been read as often as given: then Mallory's.</summary>
    private sealed class Turning(int readings) : ClaimsIdentity("test")
    {
        private int _left = readings;

        public override IEnumerable<Claim> Claims => _left-- > 0
            ? [new Claim("role", "reader")]
            : [new Claim("sub", "mallory"), new Claim("role", "admin")];
    }
}
