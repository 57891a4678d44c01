using System.Net;
using System.Net.Sockets;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>nginx in front of a server, in a directory of its own.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private const string Listening = "nginx/";

    private readonly DirectoryInfo _prefix;
    private readonly ChildProcess _process;

    private Nginx(DirectoryInfo prefix, ChildProcess process, int port)
    {
        _prefix = prefix;
        _process = process;
        Uri = new Uri($"http://127.0.0.1:{port}");
    }

    public static string? Program { get; } = ChildProcess.Find("nginx");

    public Uri Uri { get; }

    /// <param name="upstream">The server that it stands in front of.</param>
    /// <param name="server">Directives of its server block, such as underscores_in_headers.</param>
    /// <param name="location">Directives of its only location.</param>
    public static async Task<Nginx> StartAsync(Uri upstream, string server = "", string location = "")
    {
        DirectoryInfo prefix = Directory.CreateTempSubdirectory("nginx-");
        while (true)
        {
            // nginx cannot be given a port of the system's choice, and somebody else may take the chosen one before it does.
            int port = FreePort();
            string configuration = Path.Combine(prefix.FullName, "nginx.conf");
            await File.WriteAllTextAsync(configuration, Configuration(port, upstream, server, location));
            ChildProcess process = ChildProcess.Start(Program!, "-e", "stderr", "-p", prefix.FullName, "-c", configuration);

            // nginx prints its version once it listens.
            string line = await process.WaitForAsync(line => line.Contains("[emerg]") || line.Contains(Listening) ? line : null);
            if (line.Contains(Listening, StringComparison.Ordinal))
            {
                return new Nginx(prefix, process, port);
            }

            await process.DisposeAsync();
            Assert.Contains("Address already in use", line, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _prefix.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Configuration(int port, Uri upstream, string server, string location) => $$"""
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr notice;
        events { }
        http {
            access_log off;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {
                listen 127.0.0.1:{{port}};
                {{server}}
                location / {
                    proxy_pass {{upstream.GetLeftPart(UriPartial.Authority)}};
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_buffering off;
                    {{location}}
                }
            }
        }
        """;
}
