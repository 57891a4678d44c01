namespace Quickstart;

/// <summary>One call, and what came of it.</summary>
internal sealed record Call(Caller Caller, WhoAmIServer Server, Answer? Answer, string? Problem)
{
    /// <summary>Makes the call. One that fails is a row of the table too, so no exception leaves here.</summary>
    public static async Task<Call> MakeAsync(Caller caller, WhoAmIServer server, Func<Caller, Task<Answer>> askAsync)
    {
        try
        {
            Answer answer = await askAsync(caller).WaitAsync(TimeSpan.FromSeconds(10));
            return new Call(caller, server, answer, ProblemOf(caller, server, answer));
        }
        catch (Exception exception)
        {
            return new Call(caller, server, Answer: null, $"it failed with '{exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}'");
        }
    }

    private static string? ProblemOf(Caller caller, WhoAmIServer server, Answer answer)
    {
        if (answer.Protocol != server.Protocol)
        {
            return $"protocol {answer.Protocol} was negotiated in place of {server.Protocol}";
        }

        if (answer.Assertions.Count != (server.Verifies && caller.User is not null ? 1 : 0))
        {
            return $"{answer.Assertions.Count} assertions arrived";
        }

        foreach ((string name, string expected) in caller.ExpectedOf(server))
        {
            WireHeader[] lines = [.. answer.Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
            switch (lines)
            {
                case []:
                    return $"{name} is missing";
                case [_, _, ..]:
                    return $"{name} arrived {lines.Length} times";
                case [{ } only] when only.DecodedValue != expected:
                    return $"{name} does not hold the caller's own value";
            }
        }

        WireHeader? extra = answer.Headers.FirstOrDefault(header => !caller.ExpectedOf(server).ContainsKey(header.Name));
        return extra is null ? null : $"{extra.Name} arrived, which this caller must not send";
    }
}
