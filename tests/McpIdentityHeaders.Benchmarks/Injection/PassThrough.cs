namespace McpIdentityHeaders.Benchmarks.Injection;

internal sealed class PassThrough : DelegatingHandler;
