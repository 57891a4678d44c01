using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// The clients that use one primary handler, and what was changed of it. Kept beside the handler: the factory builds pipelines on it again
/// and again, and clients of several containers may share it.
/// </summary>
internal sealed class PrimaryHandlerUse
{
    private static readonly ConditionalWeakTable<HttpMessageHandler, PrimaryHandlerUse> Uses = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string[]> _needs = [];
    private readonly Dictionary<string, string> _changes = [];

    internal static PrimaryHandlerUse Of(HttpMessageHandler primary) => Uses.GetOrCreateValue(primary);

    /// <summary>Whether this library, and not the user, gave the handler that setting.</summary>
    internal bool IsChanged(string setting)
    {
        lock (_gate)
        {
            return _changes.ContainsKey(setting);
        }
    }

    /// <summary>Registers a client, and changes what differs from its needs: only where no other client needs it as it was.</summary>
    /// <returns>What was changed.</returns>
    /// <exception cref="InvalidOperationException">The handler cannot serve both, or has sent requests already.</exception>
    internal IReadOnlyList<string> Register(string clientName, IReadOnlyList<PrimarySetting> needs)
    {
        string[] names = [.. needs.Select(need => need.Assignment)];
        lock (_gate)
        {
            if (_changes.FirstOrDefault(change => change.Value != clientName && !names.Contains(change.Key))
                is { Key: { } changed, Value: { } changer })
            {
                throw CreateError(clientName, changer, "was changed for", [changed]);
            }

            PrimarySetting[] differing = [.. needs.Where(need => need.Differs())];
            string[] changes = [.. differing.Select(need => need.Assignment)];
            if (_needs.FirstOrDefault(other => other.Key != clientName && changes.Except(other.Value).Any()) is { Key: { } user })
            {
                throw CreateError(clientName, user, "is already used by", changes);
            }

            foreach (PrimarySetting need in differing)
            {
                Write(need, clientName);
                _changes.TryAdd(need.Assignment, clientName);
            }

            _needs[clientName] = names;
            return changes;
        }
    }

    /// <summary>Writes a value. A handler that has started refuses any, which is an error only where its own differs.</summary>
    internal static void Write(PrimarySetting setting, string clientName)
    {
        try
        {
            setting.Write();
        }
        catch (InvalidOperationException started) when (started is not ObjectDisposedException && setting.Differs())
        {
            throw new InvalidOperationException(
                $"{Describe(clientName)}: the primary handler has already sent requests and cannot be changed any more. Set "
                + $"{setting.Assignment} where it is made.",
                started);
        }
    }

    private static InvalidOperationException CreateError(string clientName, string other, string relation, string[] changes) => new(
        $"{Describe(clientName)}: its primary handler {relation} {Describe(other)}, and no client's handler is changed under another "
        + $"({string.Join(", ", changes)}). Give each client a handler of its own, or set {string.Join(" and ", changes)} where it is "
        + "made.");

    private static string Describe(string clientName) => clientName.Length == 0 ? "A client without a name" : $"HttpClient '{clientName}'";
}
