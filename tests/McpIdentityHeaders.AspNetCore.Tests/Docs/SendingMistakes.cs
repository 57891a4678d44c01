using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Client;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The mistakes of docs/troubleshooting.md where requests are sent, by the cell that names what is seen of each.</summary>
internal static class SendingMistakes
{
    /// <summary>A claim's value, which nothing may show.</summary>
    public const string Value = "s3cret";

    private const string Name = "backend";

    public static IReadOnlyDictionary<string, Func<Symptoms, Task>> All { get; } = new Dictionary<string, Func<Symptoms, Task>>
    {
        ["`UnknownUser`"] = symptoms => SendAsync(symptoms, user: null),
        ["`AnonymousUser`"] = symptoms => SendAsync(symptoms, Users.Anonymous),
        ["`UnauthenticatedUser`"] = symptoms => SendAsync(symptoms, new ClaimsPrincipal(Users.NotSignedIn(("sub", Value)))),
        ["`OriginNotTrusted`"] = symptoms => SendAsync(symptoms, Users.Named(Value), uri: "http://backend.test:81/"),
        ["`NoClaims`"] = symptoms => SendAsync(symptoms, Users.With(("scope", Value))),
        ["`ClaimRenamed`"] = LookForRenamedClaimsAsync,
        ["`SessionUserStandsIn`"] = LoseTheFlowAsync,

        ["`UnknownUser`, `AnonymousUser`"] = async symptoms =>
        {
            await RefuseAsync(symptoms, user: null, options => options.MissingIdentity = MissingIdentityBehavior.RequireUser);
            await RefuseAsync(symptoms, Users.Anonymous, options => options.MissingIdentity = MissingIdentityBehavior.RequireUser);
        },
        ["`AmbiguousUser`"] = symptoms => RefuseAsync(
            symptoms, new ClaimsPrincipal([Users.SignedIn(("sub", Value)), Users.SignedIn(("sub", "other"))])),
        ["`NoSubject`"] = RentWithoutSubjectAsync,
        ["`MissingClaim`"] = symptoms => RefuseAsync(
            symptoms, Users.Named(Value), options => options.Headers.Add(new ClaimHeader("X-User-Tenant", "tid") { Required = true })),
        ["`InvalidClaim`"] = symptoms => RefuseAsync(symptoms, Users.Named(Value + "\ud800")),
        ["`HeadersTooLong`"] = symptoms => RefuseAsync(symptoms, Users.Named(Value), options => options.MaxTotalLength = 4),
        ["`ForgedHeader`"] = async symptoms =>
        {
            await RefuseAsync(symptoms, Users.Named(Value), change: request => request.WithHeader("X-Other", "a\r\nX-User-Sub: mallory"));
            await RefuseAsync(symptoms, Users.Named(Value), change: request =>
            {
                request.Content = new StringContent("{}");
                request.Content.Headers.TryAddWithoutValidation("X-User-Sub", "mallory");
            });
        },
        ["`InsecureTransport`"] = symptoms => RefuseAsync(symptoms, Users.Named(Value), options =>
        {
            options.TrustedOrigins.Clear();
            options.AllowAnyOrigin = true;
            options.RequireHttps = true;
        }),
        ["`OtherUser`"] = CallOnAnothersLeaseAsync,
        ["`PoolExhausted`"] = KeepTheOnlyLeaseAsync,
        ["`SessionsClosed`"] = SignOutWhileOpeningAsync,
        ["`InvalidSession`"] = HandOutOneSessionIdTwiceAsync,
        ["`AssertionFailed`"] = symptoms => RefuseAsync(
            symptoms,
            Users.Named(Value),
            change: request => request.WithHeader("Authorization", "Bearer other"),
            http: builder => builder.AddIdentityAssertion(options =>
            {
                options.Issuer = "https://gateway.test";
                options.Keys.AddDevelopmentKey();
                options.UseAuthorizationHeader = true;
            })),
        ["`InvalidTransportOptions`"] = ShareOneSessionIdAsync,

        ["`no session was opened, since code of the application failed`"] = UseTheHttpContextAsync,
    };

    private static async Task SendAsync(
        Symptoms symptoms,
        ClaimsPrincipal? user,
        Action<ClaimInjectionOptions>? configure = null,
        string uri = "http://backend.test/",
        Action<HttpRequestMessage>? change = null,
        Action<IHttpClientBuilder>? http = null)
    {
        var services = new ServiceCollection();
        services.AddTraceLogging(symptoms.Logs);
        IHttpClientBuilder builder = services.AddHttpClient(Name)
            .ConfigurePrimaryHttpMessageHandler(() => new RecordingHandler())
            .AddClaimInjection(options =>
            {
                options.TrustedOrigins.Add(new Uri("http://backend.test"));
                configure?.Invoke(options);
            });
        http?.Invoke(builder);
        await using ServiceProvider provider = services.BuildServiceProvider();
        symptoms.Watch(provider);
        using HttpRequestMessage request = HttpTesting.Get(uri);
        change?.Invoke(request);

        using IdentityScope? scope = user is null ? null : AmbientIdentity.Use(user);
        using HttpResponseMessage response = await provider.CreateHttpClient(Name).SendAsync(request);
    }

    private static Task RefuseAsync(
        Symptoms symptoms,
        ClaimsPrincipal? user,
        Action<ClaimInjectionOptions>? configure = null,
        Action<HttpRequestMessage>? change = null,
        Action<IHttpClientBuilder>? http = null) =>
        symptoms.FailAsync(() => SendAsync(symptoms, user, configure, change: change, http: http));

    private static async Task LookForRenamedClaimsAsync(Symptoms symptoms)
    {
        (string ClaimType, string RenamedTo)[] renamed =
        [
            ("roles", ClaimTypes.Role),
            ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"),
            ("tid", "http://schemas.microsoft.com/identity/claims/tenantid"),
            ("upn", ClaimTypes.Upn),
        ];
        foreach ((string claimType, string renamedTo) in renamed)
        {
            Action<ClaimInjectionOptions> configure = options => options.Headers.Add("X-User-Other", claimType);
            await SendAsync(symptoms, Users.With(("sub", Value), (renamedTo, Value)), configure);
            await SendAsync(symptoms, Users.With((renamedTo, Value)), configure);
        }
    }

    private static async Task LoseTheFlowAsync(Symptoms symptoms)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).AddTraceLogging(symptoms.Logs).BuildServiceProvider();
        symptoms.Watch(services);
        await using McpClient client = await AmbientIdentity.RunAsync(Users.Named(Value), services.ConnectAsync);

        await AmbientIdentity.RunAsync(Users.Bob, () =>
        {
            using (ExecutionContext.SuppressFlow())
            {
                return Task.Run(() => client.CallTextAsync("ping"));
            }
        });
    }

    private static async Task RentWithoutSubjectAsync(Symptoms symptoms)
    {
        var services = new ServiceCollection();
        services.AddMcpClient(Name, new Uri("http://backend.test/mcp")).AddClaimInjection();
        await using ServiceProvider provider = services.BuildServiceProvider();

        await symptoms.FailAsync(() => provider.RentForAsync(Users.With(("email", Value))));
    }

    private static async Task CallOnAnothersLeaseAsync(Symptoms symptoms)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Named(Value));

        await symptoms.FailAsync(() => AmbientIdentity.RunAsync(Users.Bob, () => lease.Client.CallTextAsync("ping")));
    }

    private static async Task KeepTheOnlyLeaseAsync(Symptoms symptoms)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.MaxSessions = 1)
            .BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Named(Value));

        await symptoms.FailAsync(() => services.RentForAsync(Users.Bob));
    }

    private static async Task ShareOneSessionIdAsync(Symptoms symptoms)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        await using ServiceProvider services = McpTesting.ServicesFor(backend)
            .ConfigurePool(pool => pool.TransportOptionsFactory = (_, options) =>
            {
                options.KnownSessionId = "1";
                return options;
            })
            .BuildServiceProvider();

        await symptoms.FailAsync(() => services.RentForAsync(Users.Named(Value)));
    }

    private static async Task SignOutWhileOpeningAsync(Symptoms symptoms)
    {
        var gate = new AsyncGate();
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, async (context, next) =>
        {
            await gate.WaitAsync();
            await next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        Task<McpClientLease> renting = services.RentForAsync(Users.Named(Value));
        await gate.Arrived;

        Task closing = services.Pool().CloseAsync(Users.Named(Value));
        gate.Release();

        await closing;
        await symptoms.FailAsync(() => renting);
    }

    private static async Task HandOutOneSessionIdTwiceAsync(Symptoms symptoms)
    {
        const string SessionId = "Mcp-Session-Id";
        string? handedOut = null;
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions, (context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                if (context.Response.Headers[SessionId].ToString() is { Length: > 0 } id)
                {
                    context.Response.Headers[SessionId] = handedOut ??= id;
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
        await using ServiceProvider services = McpTesting.ServicesFor(backend).BuildServiceProvider();
        await using McpClientLease lease = await services.RentForAsync(Users.Named(Value));

        await symptoms.FailAsync(() => services.RentForAsync(Users.Bob));
    }

    private static async Task UseTheHttpContextAsync(Symptoms symptoms)
    {
        await using McpBackend backend = await McpBackend.StartAsync(McpBackendKind.Sessions);
        ServiceCollection collection = McpTesting.ServicesFor(backend, http => http.AddHttpMessageHandler(
            services => new BearerHandler(services.GetRequiredService<IHttpContextAccessor>())));
        collection.AddHttpContextAccessor();
        await using ServiceProvider services = collection.BuildServiceProvider();
        services.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext();

        await symptoms.FailAsync(() => services.RentForAsync(Users.Named(Value)));
    }

    private sealed class BearerHandler(IHttpContextAccessor accessor) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new("Bearer", accessor.HttpContext!.TraceIdentifier);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
