namespace McpIdentityHeaders.Internal;

/// <summary>
/// Makes a handler that stands behind the injection handler, and may write to its clone. Registered by the client's name.
/// </summary>
internal delegate DelegatingHandler InnermostHandlerFactory(IServiceProvider services);
