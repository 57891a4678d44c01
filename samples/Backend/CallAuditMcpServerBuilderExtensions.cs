namespace Backend;

internal static class CallAuditMcpServerBuilderExtensions
{
    public static IMcpServerBuilder WithCallAudit(this IMcpServerBuilder builder) => builder
        .WithMessageFilters(filters => filters.AddIncomingFilter(next => (context, cancellationToken) =>
            context.Services!.GetRequiredService<CallAudit>().AuditAsync(next, context, cancellationToken)))
        .WithRequestFilters(filters => filters.AddCallToolFilter(next => (context, cancellationToken) =>
            CallAudit.NoteOutcomeAsync(next, context, cancellationToken)));
}
