using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Conformance;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Matrix;

/// <summary>
/// What clients of two SDKs and both revisions come to with each feature: the same through the proxy as directly at the server, and the
/// same through the gateway but for the rows that docs/deployment.md names.
/// </summary>
public sealed class FeatureMatrixTests
{
    private const string Everything = "everything";
    private const string CSharp = ConformanceBackend.Prefix;

    /// <summary>The rows that come to something else through the gateway, as docs/deployment.md says.</summary>
    private static readonly Dictionary<(string Server, string Client), string[]> GatewayDifferences = new()
    {
        [(Everything, "C# 2025-11-25")] = ["instructions", "tools"],
        [(Everything, "C# 2026-07-28")] = ["instructions", "tools", "ping", "roots", "subscription"],
        [(Everything, "TypeScript v1")] = ["instructions", "tools"],
        [(Everything, "TypeScript v2")] = ["instructions", "tools", "ping", "schema", "roots", "subscription"],
        [(CSharp, "C# 2025-11-25")] = ["instructions"],
        [(CSharp, "C# 2026-07-28")] = ["instructions"],
        [(CSharp, "TypeScript v1")] = ["instructions"],
        [(CSharp, "TypeScript v2")] = ["instructions"],
    };

    public static TheoryData<string, string> Clients
    {
        get
        {
            var clients = new TheoryData<string, string>();
            foreach (string client in new[] { "C# 2025-11-25", "C# 2026-07-28", "TypeScript v1", "TypeScript v2" })
            {
                clients.Add(Everything, client);
                clients.Add(CSharp, client);
            }

            return clients;
        }
    }

    [MatrixTheory, MemberData(nameof(Clients))]
    public async Task Every_row_is_the_same_through_the_proxy(string server, string client)
    {
        await using Backends backends = await Backends.StartAsync(server);
        await using ProxyDeployment deployment = await ProxyDeployment.StartAsync((server, backends.Endpoint));
        var through = new FeatureRoute(deployment.GetEndpoint(server), await deployment.Oidc.IssueTokenAsync(OidcUser.Alice));

        Assert.Empty(await CompareAsync(backends, client, through));
    }

    [MatrixTheory, MemberData(nameof(Clients))]
    public async Task Every_row_is_the_same_through_the_gateway_but_for_the_known(string server, string client)
    {
        await using Backends backends = await Backends.StartAsync(server);
        await using Deployment deployment = await Deployment.StartAsync(others: (server, backends.Endpoint));
        var through = new FeatureRoute(
            deployment.Gateway.Endpoint, await deployment.Oidc.IssueTokenAsync(OidcUser.Alice), $"{server}_");

        IReadOnlyList<string> differences = await CompareAsync(backends, client, through);
        Assert.Equal(GatewayDifferences[(server, client)], differences.Select(difference => difference.Split(" = ")[0]));
    }

    private static async Task<IReadOnlyList<string>> CompareAsync(Backends backends, string client, FeatureRoute through)
    {
        IReadOnlyDictionary<string, string> expected = await RunAsync(client, new FeatureRoute(backends.Endpoint), backends.Rows);
        IReadOnlyDictionary<string, string> actual = await RunAsync(client, through, backends.Rows);
        Assert.Equal(backends.Rows.Count, expected.Count);
        return [.. expected.Where(row => actual[row.Key] != row.Value).Select(row => $"{row.Key} = {row.Value}, not {actual[row.Key]}")];
    }

    private static Task<IReadOnlyDictionary<string, string>> RunAsync(string client, FeatureRoute route, IReadOnlyList<FeatureRow> rows) =>
        client switch
        {
            "C# 2025-11-25" => FeatureClient.RunAsync("2025-11-25", route, rows),
            "C# 2026-07-28" => FeatureClient.RunAsync(null, route, rows),
            "TypeScript v1" => FeatureProgram.RunAsync("v1", route, rows),
            _ => FeatureProgram.RunAsync("v2", route, rows),
        };

    /// <summary>One of the two servers.</summary>
    private sealed class Backends(IAsyncDisposable server, Uri endpoint, IReadOnlyList<FeatureRow> rows) : IAsyncDisposable
    {
        public Uri Endpoint => endpoint;

        public IReadOnlyList<FeatureRow> Rows => rows;

        public static async Task<Backends> StartAsync(string name)
        {
            if (name == Everything)
            {
                EverythingServer everything = await EverythingServer.StartAsync();
                return new Backends(everything, everything.Endpoint, FeatureRow.Everything);
            }

            RunningApp csharp = await ConformanceBackend.StartAsync(prefixed: false);
            return new Backends(csharp, csharp.Endpoint, FeatureRow.CSharp);
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
