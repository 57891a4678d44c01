using System.Text.Json;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>The documents by which verifiers find the keys of this program's assertions.</summary>
/// <param name="services">The container, which knows all clients that send assertions.</param>
/// <param name="keysPath">The path of the key set.</param>
internal sealed class AssertionKeyDocuments(IServiceProvider services, string keysPath)
{
    private readonly string[] _names = [.. services.GetServices<IdentityAssertionClientName>().Select(client => client.Value)];

    internal bool HasClients => _names.Length > 0;

    private IEnumerable<IdentityAssertionPlan> Clients =>
        _names.Select(name => services.GetRequiredKeyedService<IdentityAssertionState>(name).Plan);

    /// <summary>Gets the one issuer that a discovery document can be for; null where there are several, or it is no URI.</summary>
    private string? Issuer =>
        Clients.Select(client => client.Options.Issuer).Distinct().ToArray() is [{ } only]
        && Uri.TryCreate(only, UriKind.Absolute, out Uri? uri)
        && Origin.IsHttp(uri)
            ? only
            : null;

    /// <summary>Writes the key set (RFC 7517, section 5). Files are looked at again, so a rotation is seen.</summary>
    internal Task WriteKeysAsync(HttpContext context) => PublishedDocument.WriteAsync(context, Write(writer =>
    {
        writer.WriteStartArray("keys");
        foreach (IGrouping<string, PublicJsonWebKey> key in GetKeys().GroupBy(key => key.KeyId))
        {
            key.First().WriteTo(writer, withAlgorithm: key.Count() == 1);
        }

        writer.WriteEndArray();
    }));

    /// <summary>Writes what verifiers discover the keys by (OpenID Connect Discovery 1.0, section 3).</summary>
    internal Task WriteDiscoveryAsync(HttpContext context)
    {
        if (Issuer is not { } issuer)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return PublishedDocument.WriteAsync(context, Write(writer =>
        {
            writer.WriteString("issuer", issuer);
            writer.WriteString("jwks_uri", $"{issuer.TrimEnd('/')}{keysPath}");
            WriteArray(writer, "response_types_supported", ["id_token"]);
            WriteArray(writer, "subject_types_supported", ["public"]);
            WriteArray(writer, "id_token_signing_alg_values_supported", GetKeys().Select(key => key.Algorithm).Distinct());
        }));
    }

    private IEnumerable<PublicJsonWebKey> GetKeys() =>
        Clients.SelectMany(client => client.Keys.GetPublicKeys()).DistinctBy(key => (key.KeyId, key.Algorithm));

    private static byte[] Write(Action<Utf8JsonWriter> writeMembers)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writeMembers(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteArray(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
