using McpIdentityHeaders.Benchmarks.Injection;

namespace McpIdentityHeaders.Tests.Injection;

/// <summary>
/// Measures what requests allocate, in a process of its own that compiles each method once and fully: how far the runtime has come with
/// optimising the framework's code would show in the figures otherwise.
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
        Write(output, "handler, known", Chains.ClaimInjection(new Answering()), Principals.Ascii);
        Write(output, "chain, known", Chains.WholeChain(new Answering()), Principals.Ascii);
        Write(output, "chain, known by many claims", Chains.WholeChain(new Answering()), Principals.ManyClaims);
        Write(output, "chain, name not ASCII", Chains.WholeChain(new Answering()), Principals.NonAscii);
        WriteLater(output, "handler, answered later", Chains.ClaimInjection);
        WriteLater(output, "chain, answered later", Chains.WholeChain);
        Write(output, "chain, nobody", Chains.WholeChain(new Answering()), new ClaimsPrincipal());
        Write(output, "handler, not known", Chains.ClaimInjection(new Answering()), user: null);
        Write(output, "chain, not known", Chains.WholeChain(new Answering()), user: null);
        Write(output, "chain, user in the options", Chains.WholeChain(new Answering()), user: null, request => request.SetUser(Principals.Ascii));
        WriteOnSession(output, "chain, session's user", Principals.Ascii);
        WriteOnSession(output, "chain, session without a user", user: null);
        Write(output, "handler, not known after it", Chains.ClaimInjection(new Answering()), user: null);
        Write(output, "chain, not known after it", Chains.WholeChain(new Answering()), user: null);
    }

    private static void Write(
        TextWriter output, string subject, HttpMessageInvoker invoker, ClaimsPrincipal? user, Action<HttpRequestMessage>? prepare = null)
    {
        using IdentityScope? scope = user is null ? null : AmbientIdentity.Use(user);
        output.WriteLine($"{subject}: {BytesOf(invoker, prepare) - BytesOf(Chains.PassThrough(new Answering()), prepare)}");
    }

    private static void WriteLater(TextWriter output, string subject, Func<HttpMessageHandler, ClaimHeader[], HttpMessageInvoker> make)
    {
        using IdentityScope scope = AmbientIdentity.Use(Principals.Ascii);
        var primary = new AnsweringLater();
        long own = BytesOf(make(primary, []), answer: primary.Answer);
        output.WriteLine($"{subject}: {own - BytesOf(Chains.PassThrough(primary), answer: primary.Answer)}");
    }

    private static void WriteOnSession(TextWriter output, string subject, ClaimsPrincipal? user)
    {
        long chain = BytesOf(Chains.OnSession(user, Chains.Block(new Answering())));
        long passThrough = BytesOf(Chains.OnSession(user, new PassThrough { InnerHandler = new Answering() }));
        output.WriteLine($"{subject}: {chain - passThrough}");
    }

    /// <summary>Gives the least of several requests: what the first makes for all is not any one request's.</summary>
    private static long BytesOf(HttpMessageInvoker invoker, Action<HttpRequestMessage>? prepare = null, Action? answer = null) =>
        Enumerable.Range(0, 10).Min(_ =>
        {
            HttpRequestMessage request = McpPost.NewRequest();
            prepare?.Invoke(request);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task<HttpResponseMessage> sent = invoker.SendAsync(request, CancellationToken.None);
            answer?.Invoke();
            using HttpResponseMessage response = sent.GetAwaiter().GetResult();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
}
