namespace McpIdentityHeaders.Tests.Support;

/// <summary>A handler that is part of the primary handler.</summary>
internal sealed class WrappingHandler(HttpMessageHandler inner) : DelegatingHandler(inner);
