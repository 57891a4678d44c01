using McpIdentityHeaders.Benchmarks.Injection;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// Measures what requests allocate that are answered later, in a process of its own that compiles each method once and fully: how far the
/// runtime has come with optimising the framework's code would show in the figures otherwise.
/// </summary>
internal static class AllocationReport
{
    public const string Command = "allocations";

    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["DOTNET_TieredCompilation"] = "0",
        ["DOTNET_ReadyToRun"] = "0",
    };

    public static void Write(TextWriter output)
    {
        Write(output, "naive clone", primary => Baselines.NaiveClone(primary), Principals.Ascii);
        Write(output, "handler", primary => Chains.ClaimInjection(primary), Principals.Ascii);
        Write(output, "chain", primary => Chains.WholeChain(primary), Principals.Ascii);
        Write(output, "chain, many claims", primary => Chains.WholeChain(primary), Principals.ManyClaims);
        Write(output, "chain, name not ASCII", primary => Chains.WholeChain(primary), Principals.NonAscii);
        Write(output, "chain, anonymous", primary => Chains.WholeChain(primary), new ClaimsPrincipal());
        Write(output, "handler, unknown", primary => Chains.ClaimInjection(primary), user: null);
        Write(output, "chain, unknown", primary => Chains.WholeChain(primary), user: null);
        Write(output, "chain, SetUser", primary => Chains.WholeChain(primary), user: null, request => request.SetUser(Principals.Ascii));
        WriteOnSession(output, "chain, session's user", Principals.Ascii);
        WriteOnSession(output, "chain, session without a user", user: null);
    }

    private static void Write(
        TextWriter output,
        string subject,
        Func<HttpMessageHandler, HttpMessageInvoker> create,
        ClaimsPrincipal? user,
        Action<HttpRequestMessage>? prepare = null)
    {
        using IdentityScope? scope = user is null ? null : AmbientIdentity.Use(user);
        WriteDifference(output, subject, create, Chains.PassThrough, prepare);
    }

    private static void WriteOnSession(TextWriter output, string subject, ClaimsPrincipal? user) => WriteDifference(
        output,
        subject,
        primary => Chains.OnSession(user, Chains.Block(primary)),
        primary => Chains.OnSession(user, new PassThrough { InnerHandler = primary }));

    private static void WriteDifference(
        TextWriter output,
        string subject,
        Func<HttpMessageHandler, HttpMessageInvoker> create,
        Func<HttpMessageHandler, HttpMessageInvoker> createBaseline,
        Action<HttpRequestMessage>? prepare = null)
    {
        var primary = new DeferredHandler();
        long bytes = GetBytes(create(primary), primary, prepare);
        output.WriteLine($"{subject}: {bytes - GetBytes(createBaseline(primary), primary, prepare)}");
    }

    /// <summary>Gives the least of several requests: what the first makes for all is not any one request's.</summary>
    private static long GetBytes(HttpMessageInvoker invoker, DeferredHandler primary, Action<HttpRequestMessage>? prepare) =>
        Enumerable.Range(0, 10).Min(_ =>
        {
            HttpRequestMessage request = McpPost.NewRequest();
            prepare?.Invoke(request);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task<HttpResponseMessage> responseTask = invoker.SendAsync(request, CancellationToken.None);
            primary.Complete();
            using HttpResponseMessage response = responseTask.GetAwaiter().GetResult();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
}
