using McpIdentityHeaders.Benchmarks.Injection;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// Measures what requests allocate, in a separate process without tiered compilation: the runtime's progress in optimising the framework
/// must not affect the figures.
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
        Write(output, "handler, known", Chains.ClaimInjection(new ImmediateHandler()), Principals.Ascii);
        Write(output, "chain, known", Chains.WholeChain(new ImmediateHandler()), Principals.Ascii);
        Write(output, "chain, known by many claims", Chains.WholeChain(new ImmediateHandler()), Principals.ManyClaims);
        Write(output, "chain, name not ASCII", Chains.WholeChain(new ImmediateHandler()), Principals.NonAscii);
        WriteDeferred(output, "handler, deferred", Chains.ClaimInjection);
        WriteDeferred(output, "chain, deferred", Chains.WholeChain);
        Write(output, "chain, anonymous", Chains.WholeChain(new ImmediateHandler()), new ClaimsPrincipal());
        Write(output, "handler, unknown", Chains.ClaimInjection(new ImmediateHandler()), user: null);
        Write(output, "chain, unknown", Chains.WholeChain(new ImmediateHandler()), user: null);
        Write(
            output, "chain, user in the options", Chains.WholeChain(new ImmediateHandler()), user: null,
            request => request.SetUser(Principals.Ascii));
        WriteOnSession(output, "chain, session's user", Principals.Ascii);
        WriteOnSession(output, "chain, session without a user", user: null);
        Write(output, "handler, unknown after it", Chains.ClaimInjection(new ImmediateHandler()), user: null);
        Write(output, "chain, unknown after it", Chains.WholeChain(new ImmediateHandler()), user: null);
    }

    private static void Write(
        TextWriter output, string subject, HttpMessageInvoker invoker, ClaimsPrincipal? user, Action<HttpRequestMessage>? prepare = null)
    {
        using IdentityScope? scope = user is null ? null : AmbientIdentity.Use(user);
        output.WriteLine($"{subject}: {BytesOf(invoker, prepare) - BytesOf(Chains.PassThrough(new ImmediateHandler()), prepare)}");
    }

    private static void WriteDeferred(
        TextWriter output, string subject, Func<HttpMessageHandler, ClaimHeader[], HttpMessageInvoker> factory)
    {
        using IdentityScope scope = AmbientIdentity.Use(Principals.Ascii);
        var primary = new DeferredHandler();
        long own = BytesOf(factory(primary, []), complete: primary.Complete);
        output.WriteLine($"{subject}: {own - BytesOf(Chains.PassThrough(primary), complete: primary.Complete)}");
    }

    private static void WriteOnSession(TextWriter output, string subject, ClaimsPrincipal? user)
    {
        long chain = BytesOf(Chains.OnSession(user, Chains.Block(new ImmediateHandler())));
        long passThrough = BytesOf(Chains.OnSession(user, new PassThrough { InnerHandler = new ImmediateHandler() }));
        output.WriteLine($"{subject}: {chain - passThrough}");
    }

    /// <summary>Returns the minimum of several requests: excludes what the first one allocates for all.</summary>
    private static long BytesOf(HttpMessageInvoker invoker, Action<HttpRequestMessage>? prepare = null, Action? complete = null) =>
        Enumerable.Range(0, 10).Min(_ =>
        {
            HttpRequestMessage request = McpPost.NewRequest();
            prepare?.Invoke(request);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task<HttpResponseMessage> responseTask = invoker.SendAsync(request, CancellationToken.None);
            complete?.Invoke();
            using HttpResponseMessage response = responseTask.GetAwaiter().GetResult();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
}
