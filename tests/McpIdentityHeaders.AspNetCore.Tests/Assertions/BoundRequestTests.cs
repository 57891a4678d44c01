using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpIdentityHeaders.AspNetCore.Tests.Assertions;

/// <summary>A bound assertion is for its request as the client sent it, however that travels and whatever stands in front.</summary>
public sealed class BoundRequestTests
{
    private static readonly string Large = new('x', 200_000);

    [Theory]
    [InlineData("/mcp")]
    [InlineData("/pipe")]
    public async Task Content_in_chunks_is_hashed_and_left_whole_for_the_endpoint(string path)
    {
        await using AssertionHosts hosts = await StartAsync(map: app => app.MapPost("/pipe", CopyPipeAsync));

        (HttpStatusCode status, string body) = await SendAsync(hosts, path, new ChunkedContent(Large), Digest(Large));

        Assert.Equal((HttpStatusCode.OK, true), (status, body.EndsWith(Large, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Content_in_chunks_that_was_changed_at_its_end_is_refused()
    {
        await using AssertionHosts hosts = await StartAsync();

        (HttpStatusCode status, _) = await SendAsync(hosts, "/mcp", new ChunkedContent(Large + "y"), Digest(Large));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Content_over_the_servers_limit_is_refused_and_its_assertion_is_not_used_up(bool isChunked)
    {
        await using AssertionHosts hosts = await StartAsync(services: services =>
            services.Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestBodySize = 100_000));
        AssertionDraft draft = DraftFor(hosts, "/mcp", Digest("{}"));
        string token = draft.Sign();

        HttpContent content = isChunked ? new ChunkedContent(Large) : new StringContent(Large);
        (HttpStatusCode tooLarge, _) = await SendAsync(hosts, "/mcp", content, token: token);
        (HttpStatusCode right, _) = await SendAsync(hosts, "/mcp", new StringContent("{}"), token: token);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.OK), (tooLarge, right));
    }

    [Fact]
    public async Task Compressed_content_is_hashed_as_it_was_sent()
    {
        await using AssertionHosts hosts = await StartAsync(
            services: services => services.AddRequestDecompression(), map: app => app.UseRequestDecompression());
        byte[] compressed = Compress("{}");

        (HttpStatusCode asSent, string body) = await SendAsync(hosts, "/mcp", Gzip(compressed), Digest(compressed));
        (HttpStatusCode decompressed, _) = await SendAsync(hosts, "/mcp", Gzip(compressed), Digest("{}"));

        Assert.Equal((HttpStatusCode.OK, "alice|Alice|{}"), (asSent, body));
        Assert.Equal(HttpStatusCode.Unauthorized, decompressed);
    }

    [Fact]
    public async Task Content_that_is_decompressed_in_front_is_refused_and_the_log_says_what_to_do()
    {
        await using AssertionHosts hosts = await StartAsync(
            services: services => services.AddRequestDecompression(), before: app => app.UseRequestDecompression());
        byte[] compressed = Compress("{}");

        (HttpStatusCode status, _) = await SendAsync(hosts, "/mcp", Gzip(compressed), Digest(compressed));

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Single(
            hosts.Logs.GetSnapshot(), record => record.Message.Contains("call UseAuthentication before that", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Content_that_was_read_in_front_is_refused_unless_it_was_buffered()
    {
        bool isBuffered = false;
        await using AssertionHosts hosts = await StartAsync(before: app => app.Use(async (context, next) =>
        {
            if (isBuffered)
            {
                context.Request.EnableBuffering();
            }

            await context.Request.Body.CopyToAsync(Stream.Null);
            await next(context);
        }));

        (HttpStatusCode read, _) = await SendAsync(hosts, "/mcp", new StringContent("{}"), Digest("{}"));
        isBuffered = true;
        (HttpStatusCode buffered, string body) = await SendAsync(hosts, "/mcp", new StringContent("{}"), Digest("{}"));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, "alice|Alice|{}"), (read, buffered, body));
    }

    [Fact]
    public async Task Connection_that_ends_within_the_content_leaves_the_assertion_unused()
    {
        await using AssertionHosts hosts = await StartAsync();
        string token = DraftFor(hosts, "/mcp", Digest("{}")).Sign();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, hosts.Backend.Port);
            await using NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /mcp HTTP/1.1\r\nHost: {hosts.Backend.Authority}\r\nContent-Length: 2\r\n"
                + $"{AssertionHosts.Header}: {token}\r\n\r\n{{"));
        }

        (HttpStatusCode status, _) = await SendAsync(hosts, "/mcp", new StringContent("{}"), token: token);

        Assert.Equal(HttpStatusCode.OK, status);
    }

    public static TheoryData<string, string, string, string, bool> Prefixes => new()
    {
        // What stands in front, the request line, the URI that the client saw without its origin.
        { "none", "/mcp", "", "/mcp", true },
        { "none", "/m%63p", "", "/m%63p", true },
        { "none", "/m%63p", "", "/mcp", false },
        { "none", "/a/../mcp", "", "/a/../mcp", true },
        { "none", "/a/../mcp", "", "/mcp", false },
        { "none", "//mcp", "", "//mcp", true },
        { "none", "/a%2Fb%20c", "", "/a%2Fb%20c", true },
        { "none", "/%C3%A4", "", "/%C3%A4", true },
        { "path base", "/app/mcp", "", "/app/mcp", true },
        { "path base", "/app/mcp", "", "/mcp", false },
        { "path base", "/app", "", "/app", true },
        { "path base", "/APP/mcp", "", "/APP/mcp", true },
        { "path base", "/%61pp/mcp", "", "/%61pp/mcp", true },
        { "path base", "/application/mcp", "", "/application/mcp", true },
        { "forwarded", "/mcp", "/app", "/app/mcp", true },
        { "forwarded", "/mcp", "/app", "/mcp", false },
        { "forwarded", "/m%63p", "/app", "/app/m%63p", true },
        { "forwarded", "/application/mcp", "/app", "/app/application/mcp", true },
        { "forwarded", "/application/mcp", "/app", "/application/mcp", false },
        { "forwarded", "/app/mcp", "/app", "/app/app/mcp", true },
        { "forwarded", "/app/mcp", "/app", "/app/mcp", false },
        { "forwarded", "/app", "/app", "/app/app", true },
        { "forwarded", "/app", "/app", "/app", false },
        { "forwarded", "/mcp", "/%C3%A4", "/%C3%A4/mcp", true },
        { "forwarded and path base", "/app/mcp", "/outer", "/outer/app/mcp", true },
        { "forwarded and path base", "/app/mcp", "/app", "/app/app/mcp", true },
        { "rewritten", "/old", "", "/old", true },
        { "rewritten", "/old", "", "/mcp", false },
        { "rewritten", "/x", "", "/x", true },
    };

    [Theory]
    [MemberData(nameof(Prefixes))]
    public async Task Path_is_the_one_that_the_client_saw(string inFront, string line, string prefix, string seen, bool isAccepted)
    {
        await using AssertionHosts hosts = await StartAsync(before: app =>
        {
            if (inFront.StartsWith("forwarded", StringComparison.Ordinal))
            {
                app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedPrefix });
            }

            if (inFront.EndsWith("path base", StringComparison.Ordinal))
            {
                app.UsePathBase("/app");
            }

            if (inFront == "rewritten")
            {
                app.Use((context, next) =>
                {
                    context.Request.Path = "/mcp";
                    return next(context);
                });
            }
        });
        AssertionDraft draft = DraftFor(hosts, "/", Digest("{}"));
        draft.Payload["htu"] = AssertionHosts.NameOf(hosts.Backend) + seen;
        string[] forwarded = prefix.Length > 0 ? [$"X-Forwarded-Prefix: {prefix}"] : [];

        RawResponse response = await RawHttp.PostAsync(
            hosts.Backend, hosts.Backend.Authority, line, "{}", [$"{AssertionHosts.Header}: {draft.Sign()}", .. forwarded]);

        Assert.Equal(isAccepted ? 200 : 401, response.Status);
    }

    public static TheoryData<string, string, string?, string, bool> Origins => new()
    {
        // Host, scheme by a proxy, PublicOrigin, the origin that the client saw.
        { "notes.example.com", "http", null, "http://notes.example.com", true },
        { "notes.example.com:80", "http", null, "http://notes.example.com", true },
        { "NOTES.example.com", "http", null, "http://notes.example.com", true },
        { "notes.example.com", "https", null, "https://notes.example.com", true },
        { "notes.example.com:443", "https", null, "https://notes.example.com", true },
        { "notes.example.com", "https", null, "http://notes.example.com", false },
        { "other.example.com", "http", null, "http://notes.example.com", false },
        { "notes.example.com:8080", "http", null, "http://notes.example.com", false },
        { "[::1]:5000", "http", null, "http://[::1]:5000", true },
        { "backend:8080", "http", "https://notes.example.com", "https://notes.example.com", true },
        { "backend:8080", "http", "https://notes.example.com", "http://backend:8080", false },
        { "backend:8080", "http", "https://notes.example.com:8443/", "https://notes.example.com:8443", true },
    };

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task Origin_is_the_one_that_the_client_saw(string host, string scheme, string? publicOrigin, string seen, bool isAccepted)
    {
        await using AssertionHosts hosts = await StartAsync(
            receive: options => options.PublicOrigin = publicOrigin is null ? null : new Uri(publicOrigin),
            before: app => app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedProto }));
        AssertionDraft draft = DraftFor(hosts, "/", Digest("{}"));
        draft.Payload["htu"] = $"{seen}/mcp";

        RawResponse response = await RawHttp.PostAsync(
            hosts.Backend, host, "/mcp", "{}", $"{AssertionHosts.Header}: {draft.Sign()}", $"X-Forwarded-Proto: {scheme}");

        Assert.Equal(isAccepted ? 200 : 401, response.Status);
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.OK)]
    [InlineData("{ }", HttpStatusCode.Unauthorized)]
    public async Task Request_by_HTTP_2_is_bound_as_well(string content, HttpStatusCode expected)
    {
        await using AssertionHosts hosts = await StartAsync(protocols: HttpProtocols.Http2);

        (HttpStatusCode status, _) = await SendAsync(hosts, "/mcp?a=1", new StringContent(content), Digest("{}"), request =>
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        });

        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task Sender_binds_a_request_by_HTTP_2()
    {
        await using AssertionHosts hosts = await AssertionHosts.StartAsync(
            options => options.BindRequest = true, options => options.RequireBinding = true, protocols: HttpProtocols.Http2);
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hosts.Backend, "/mcp/%C3%A4?a=1&b"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent(Large),
        };

        using HttpResponseMessage response = await hosts.SendAsync(Users.Alice, request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Error_page_that_runs_the_pipeline_again_does_not_take_it_for_a_replay()
    {
        await using AssertionHosts hosts = await StartAsync(
            before: app => app.UseStatusCodePagesWithReExecute("/error", createScopeForStatusCodePages: true),
            map: app => app.MapPost("/gone", () => Results.StatusCode(StatusCodes.Status410Gone)));
        string token = DraftFor(hosts, "/gone", Digest("{}")).Sign();

        (HttpStatusCode status, string body) = await SendAsync(hosts, "/gone", new StringContent("{}"), token: token);
        (HttpStatusCode replayed, _) = await SendAsync(hosts, "/gone", new StringContent("{}"), token: token);

        Assert.Equal((HttpStatusCode.Gone, "alice|Alice|{}"), (status, body));
        Assert.Equal(HttpStatusCode.Unauthorized, replayed);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Replay_on_the_same_connection_is_refused(HttpProtocols protocols)
    {
        await using AssertionHosts hosts = await StartAsync(protocols: protocols);
        string token = DraftFor(hosts, "/mcp", Digest("{}")).Sign();
        int connections = 0;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler);

        HttpStatusCode[] statuses = [await CallAsync(), await CallAsync()];

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Unauthorized], statuses);
        Assert.Equal(1, connections);

        async Task<HttpStatusCode> CallAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hosts.Backend, "/mcp"))
            {
                Version = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new StringContent("{}"),
            };
            request.WithHeader(AssertionHosts.Header, token);
            using HttpResponseMessage response = await http.SendAsync(request);
            await response.Content.CopyToAsync(Stream.Null);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("/mcp", "/mcp", true)]
    [InlineData("/m%63p", "/m%63p", true)]
    [InlineData("/m%63p", "/mcp", false)]
    [InlineData("/mcp/http://a/b", "/mcp/http://a/b", true)]
    [InlineData("/mcp/http://a/b", "/b", false)]
    public async Task Request_line_in_absolute_form_is_bound_as_well(string line, string seen, bool isAccepted)
    {
        await using AssertionHosts hosts = await StartAsync();
        string origin = AssertionHosts.NameOf(hosts.Backend);
        AssertionDraft draft = DraftFor(hosts, "/", Digest("{}"));
        draft.Payload["htu"] = origin + seen;

        RawResponse response = await RawHttp.PostAsync(
            hosts.Backend, hosts.Backend.Authority, origin + line, "{}", $"{AssertionHosts.Header}: {draft.Sign()}");

        Assert.Equal(isAccepted ? 200 : 401, response.Status);
    }

    private static Task<AssertionHosts> StartAsync(
        Action<ReceivedAssertionOptions>? receive = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication>? map = null,
        HttpProtocols protocols = HttpProtocols.Http1) => AssertionHosts.StartAsync(
            receive: options =>
            {
                options.RequireBinding = true;
                receive?.Invoke(options);
            },
            services: services,
            before: before,
            map: map,
            protocols: protocols);

    private static AssertionDraft DraftFor(AssertionHosts hosts, string pathAndQuery, string digest)
    {
        AssertionDraft draft = AssertionDraft.ForRequest(hosts);
        string[] parts = pathAndQuery.Split('?');
        draft.Payload["htu"] = AssertionHosts.NameOf(hosts.Backend) + parts[0];
        draft.Payload["content_digest"] = digest;
        draft.Payload.Remove("mcp_session_id");
        if (parts.Length > 1)
        {
            draft.Payload["query_digest"] = Digest(parts[1]);
        }

        return draft;
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(
        AssertionHosts hosts,
        string path,
        HttpContent content,
        string digest = "",
        Action<HttpRequestMessage>? change = null,
        string? token = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hosts.Backend, path)) { Content = content };
        request.WithHeader(AssertionHosts.Header, token ?? DraftFor(hosts, path, digest).Sign());
        change?.Invoke(request);
        using HttpResponseMessage response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task CopyPipeAsync(HttpContext context)
    {
        while (true)
        {
            ReadResult read = await context.Request.BodyReader.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                await context.Response.Body.WriteAsync(segment);
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static string Digest(string content) => AssertionDraft.Digest(content);

    private static string Digest(byte[] content) => $"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:";

    private static byte[] Compress(string content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(content));
        }

        return stream.ToArray();
    }

    private static ByteArrayContent Gzip(byte[] compressed)
    {
        var content = new ByteArrayContent(compressed);
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    /// <summary>Content of no length that is known before, which travels in chunks.</summary>
    private sealed class ChunkedContent(string text) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await stream.FlushAsync();
            await stream.WriteAsync(bytes.AsMemory(bytes.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
