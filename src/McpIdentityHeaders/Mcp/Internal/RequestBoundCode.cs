namespace McpIdentityHeaders.Internal;

/// <summary>
/// The application's code that works within an HTTP request only (header propagation, a handler that reads HttpContext), run where the pool
/// opens a session: in a flow of its own, with no HTTP request.
/// </summary>
internal static class RequestBoundCode
{
    /// <summary>Runs the application's code for a session.</summary>
    /// <exception cref="InvalidOperationException">It failed as such code does there. The message has the way out.</exception>
    internal static T Run<T>(string clientName, bool isPooled, Func<T> code)
    {
        try
        {
            return code();
        }
        catch (Exception exception) when (isPooled && IsLikelyCause(exception))
        {
            throw CreateError(clientName, exception);
        }
    }

    /// <summary>Whether such code ends in that error. Errors of the network, of the protocol and of this library are others.</summary>
    internal static bool IsLikelyCause(Exception exception) =>
        exception is NullReferenceException or ArgumentNullException
        || (exception is InvalidOperationException and not (ClaimInjectionException or ObjectDisposedException));

    internal static InvalidOperationException CreateError(string clientName, Exception exception) => new(
        $"MCP client '{clientName}': no session was opened, since code of the application failed ({exception.GetType().Name}), most "
        + "likely for want of an HTTP request. The pool opens sessions in a flow of their own: HttpContext is null there, and header "
        + "propagation has no values. Have that code take the user from IIdentityAccessor, which has the session's user there, and do "
        + "without the request; set one user's headers and tokens with McpClientPoolOptions.TransportOptionsFactory; or open the session "
        + "within the request with IMcpClientFactory. The inner exception says which code it is.",
        exception);
}
