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
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task Claims_that_change_while_they_are_read_are_read_again_or_refused(int changes, bool isSent)
    {
        ClaimsIdentity identity = Users.SignedIn(("sub", "alice"));
        var backend = new RecordingHandler();
        using HttpMessageInvoker client = HttpTesting.Chain(backend, new PropertyAccessor(new ClaimsPrincipal(identity)), options =>
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
}
