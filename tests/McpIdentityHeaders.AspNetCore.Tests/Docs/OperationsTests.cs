using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using McpIdentityHeaders.AspNetCore.Internal;
using McpIdentityHeaders.Internal;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>The tables of docs/operations.md and docs/troubleshooting.md are what the code says.</summary>
public sealed partial class OperationsTests
{
    private const string Page = MetricsTable.Page;
    private const string AnyClient = "any";

    private static readonly Assembly[] Packages =
        [typeof(ClaimInjectionOptions).Assembly, typeof(IdentityHeadersOptions).Assembly, typeof(IdentityAssertionOptions).Assembly];

    private static string[] CloseReasons { get; } =
    [
        .. typeof(CloseReason).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(field => (string)field.GetRawConstantValue()!),
    ];

    [Fact]
    public void Settings_are_the_options_with_their_types_and_defaults() => DocTable.AssertCurrent(Page, "settings",
        from package in Packages
        let summaries = ReadSummaries(package)
        from type in package.GetExportedTypes()
        where type.Name.EndsWith("Options", StringComparison.Ordinal)
        orderby Array.IndexOf(Packages, package), type.Name
        let options = Activator.CreateInstance(type)
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where !property.IsDefined(typeof(EditorBrowsableAttribute))
        select new[]
        {
            $"`{type.Name}.{property.Name}`",
            DescribeType(property),
            DescribeDefault(property.GetValue(options)),
            summaries[$"P:{type.FullName}.{property.Name}"],
        });

    [Fact]
    public void Logs_are_the_events_with_their_ids_and_messages() => DocTable.AssertCurrent(Page, "logs",
        from package in Packages
        from type in package.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
        let log = method.GetCustomAttribute<LoggerMessageAttribute>()
        where log is not null
        orderby package.GetName().Name, log.EventId
        select new[] { $"`{package.GetName().Name}` {log.EventId}", $"`{method.Name}`", log.Level.ToString(), log.Message });

    [Fact]
    public async Task Log_categories_are_those_of_the_loggers()
    {
        // Authentication handlers have loggers of the framework's, for its own lines.
        string?[] handlers = [typeof(IdentityHeadersHandler).FullName, typeof(IdentityAssertionAuthenticationHandler).FullName];
        using var loggers = new LogCategories();
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(ReceivingServer.TrustLoopback).AddIdentityAssertion(options =>
            {
                options.Issuer = options.Audience = "https://gateway.example.com";
                options.Authority = new Uri(options.Issuer);
            }),
            services: services =>
            {
                services.AddSingleton<ILoggerProvider>(loggers);
                services.AddMcpClient("plain", new Uri("https://notes.example.com/mcp"));
                services.AddMcpClient("signed", new Uri("https://notes.example.com/mcp")).AddIdentityAssertion(options =>
                {
                    options.Issuer = "https://gateway.example.com";
                    options.Keys.AddDevelopmentKey();
                });
            },
            before: app => app.UseIdentityHeaderStripping());
        await Assert.ThrowsAsync<ClaimInjectionException>(() => host.Services.GetRequiredService<IMcpClientPool>()
            .RentAsync("signed", Users.With(("email", "alice@example.com"))).AsTask());

        DocTable.AssertCurrent(
            Page,
            "log categories",
            from category in loggers.Names.Order(StringComparer.Ordinal)
            where category.StartsWith("McpIdentityHeaders", StringComparison.Ordinal) && !handlers.Contains(category)
            select new[] { $"`{category}`" });
    }

    [Fact]
    public void Event_ids_and_names_are_unique_within_a_package() => Assert.All(Packages, package =>
    {
        (int Id, string Name)[] events =
        [
            .. from type in package.GetTypes()
               from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
               let log = method.GetCustomAttribute<LoggerMessageAttribute>()
               where log is not null
               select (log.EventId, method.Name),
        ];

        Assert.Equal(events.Length, events.DistinctBy(log => log.Id).Count());
        Assert.Equal(events.Length, events.DistinctBy(log => log.Name).Count());
    });

    [Fact]
    public void Metrics_are_the_instruments_with_their_units()
    {
        List<Instrument> instruments = [];
        Dictionary<string, Dictionary<string, string[]>> tags = [];
        using var listener = new MeterListener();
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        IMeterFactory factory = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == factory)
            {
                instruments.Add(instrument);
                tags[instrument.Name] = [];
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, measured, _) =>
        {
            foreach ((string name, object? value) in measured)
            {
                string[] others = tags[instrument.Name].GetValueOrDefault(name, []);
                tags[instrument.Name][name] = value is AnyClient ? others : [.. others.Union([(string)value!])];
            }
        });
        listener.Start();

        foreach (Type type in Packages.SelectMany(package => package.GetTypes()).Where(HasInstruments))
        {
            CountEverything(Activator.CreateInstance(type, factory)!);
        }

        DocTable.AssertCurrent(Page, "metrics",
            from instrument in instruments
            orderby instrument.Name
            let kind = instrument.GetType().Name.Split('`')[0]
            select new[]
            {
                $"`{instrument.Name}`", kind, $"`{instrument.Unit}`", instrument.Description!, MetricsTable.Write(tags[instrument.Name]),
            });
    }

    [Fact]
    public void Troubleshooting_has_every_reason_of_a_refusal()
    {
        string page = DocPage.At("docs/troubleshooting.md").Text;

        Assert.All(
            Enum.GetNames<ClaimInjectionErrorReason>().Except([nameof(ClaimInjectionErrorReason.Unspecified)]),
            reason => Assert.Contains($"`{reason}`", page, StringComparison.Ordinal));
    }

    /// <summary>Calls each method that counts something, with each value that its argument may have.</summary>
    private static void CountEverything(object metrics)
    {
        IEnumerable<MethodInfo> methods = metrics.GetType().GetMethods(BindingFlags.Instance | BindingFlags.NonPublic);
        foreach (MethodInfo method in methods.Where(method => method.IsAssembly))
        {
            ParameterInfo[] parameters = method.GetParameters();
            string[] reasons = parameters.Any(parameter => parameter.Name == "reason") ? CloseReasons : [AnyClient];
            foreach (string reason in reasons)
            {
                method.Invoke(metrics, [.. parameters.Select(parameter =>
                    parameter.ParameterType == typeof(int) ? 1 : (object)(parameter.Name == "reason" ? reason : AnyClient))]);
            }
        }
    }

    private static bool HasInstruments(Type type) => type.GetConstructor([typeof(IMeterFactory)]) is not null;

    private static Dictionary<string, string> ReadSummaries(Assembly package) =>
        XDocument.Load(Path.ChangeExtension(package.Location, ".xml")).Descendants("member").ToDictionary(
            member => member.Attribute("name")!.Value,
            member => Capitalize(Prefix().Replace(Squeeze(string.Concat(member.Element("summary")?.Nodes().Select(ToText) ?? [])), "")));

    private static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string ToText(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see =>
            $"`{CrefPrefix().Replace((see.Attribute("cref") ?? see.Attribute("langword"))!.Value, string.Empty)}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement other => other.Attribute("name")?.Value ?? other.Value,
        _ => string.Empty,
    };

    private static string DescribeType(PropertyInfo property)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        RangeAttribute? range = property.GetCustomAttribute<RangeAttribute>();
        return type switch
        {
            { IsEnum: true } => string.Join(" | ", Enum.GetNames(type).Select(name => $"`{name}`")),
            _ when type.IsAssignableTo(typeof(Delegate)) => "code",
            _ when range is not null =>
                string.Create(CultureInfo.InvariantCulture, $"integer, {range.Minimum} to {range.Maximum}"),
            _ when type == typeof(int) => "integer",
            _ when type == typeof(bool) => "boolean",
            _ when type == typeof(string) => "text",
            _ when type == typeof(Uri) => "URI",
            _ when type == typeof(TimeSpan) => "duration",
            _ when ElementTypeOf(type) is { } element => $"list of {DescribeElement(element)}",
            _ => $"`{type.Name}`",
        };
    }

    private static string DescribeElement(Type type) => type == typeof(string) ? "text" : type == typeof(Uri) ? "URIs" : $"`{type.Name}`";

    private static Type? ElementTypeOf(Type type) => type.GetInterfaces().Append(type)
        .FirstOrDefault(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static string DescribeDefault(object? value) => value switch
    {
        null => "none",
        true => "`true`",
        false => "`false`",
        string text => $"`{text}`",
        TimeSpan duration => $"`{duration:c}`",
        ClaimHeaderCollection headers => string.Join(", ", headers.Select(header => $"`{header.HeaderName}`")),
        IEnumerable items when items.Cast<object>().Any() => string.Join(", ", items.Cast<object>().Select(item => $"`{item}`")),
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => "empty",
    };

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex("^Gets (or sets )?")]
    private static partial Regex Prefix();

    [GeneratedRegex(@"^[A-Z]:([\w]+\.)*(?=\w+\.?\w*$)")]
    private static partial Regex CrefPrefix();
}
