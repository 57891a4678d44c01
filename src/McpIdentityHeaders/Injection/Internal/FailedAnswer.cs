namespace McpIdentityHeaders.Internal;

/// <summary>Puts what was thrown into a task, as an async method does: cancelled, where that is what it says.</summary>
internal static class FailedAnswer
{
    internal static async Task<HttpResponseMessage> Of(Exception thrown) =>
        await Task.FromException<HttpResponseMessage>(thrown).ConfigureAwait(false);
}
