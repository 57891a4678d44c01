namespace McpIdentityHeaders.AotTest;

internal sealed class CheckFailedException(string message) : Exception(message)
{
    public static void ThrowIfNotEqual(IEnumerable<string> expected, IEnumerable<string> actual)
    {
        if (!expected.SequenceEqual(actual))
        {
            throw new CheckFailedException($"expected [{string.Join(" | ", expected)}], and there is [{string.Join(" | ", actual)}]");
        }
    }

    public static async Task ThrowIfNotThrownAsync<TException>(Func<Task> action, string message)
        where TException : Exception
    {
        try
        {
            await action();
        }
        catch (TException exception) when (exception.Message.Contains(message, StringComparison.Ordinal))
        {
            return;
        }

        throw new CheckFailedException($"{typeof(TException).Name} with '{message}' was expected");
    }
}
