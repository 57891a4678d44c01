using System.Diagnostics;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Tags the activity of each HTTP request with its user. The primary handler starts that activity behind all other handlers, and shows it
/// together with the message only here. It holds no user: any number of clients share it.
/// </summary>
/// <param name="inner">What writes the trace's headers, and sees what it saw before.</param>
internal sealed class UserTaggingPropagator(DistributedContextPropagator inner) : DistributedContextPropagator
{
    private const string RequestActivity = "System.Net.Http.HttpRequestOut";

    public override IReadOnlyCollection<string> Fields => inner.Fields;

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        // The request's own activity alone: requests of several users may run under any other.
        if (carrier is IdentityRequestMessage { CarriedUser: { Source.UserTagger: { } tagger } user }
            && activity is { OperationName: RequestActivity })
        {
            tagger.Tag(activity, user.Subject);
        }

        inner.Inject(activity, carrier, setter);
    }

    public override void ExtractTraceIdAndState(
        object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        inner.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) =>
        inner.ExtractBaggage(carrier, getter);
}
