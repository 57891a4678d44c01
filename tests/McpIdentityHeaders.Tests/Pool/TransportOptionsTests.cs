using System.Reflection;
using McpIdentityHeaders.Internal;
using ModelContextProtocol.Authentication;
using ModelContextProtocol.Client;
using NSubstitute;

namespace McpIdentityHeaders.Tests.Pool;

/// <summary>Which transport options open another session, and what a user's copy contains.</summary>
public sealed class TransportOptionsTests
{
    /// <summary>All that the SDK has but the one that no registered client may have, so that what it adds is noticed here.</summary>
    public static TheoryData<string> Properties => [.. Settable<HttpClientTransportOptions>()
        .Select(property => property.Name)
        .Except([nameof(HttpClientTransportOptions.KnownSessionId)])];

    [Fact]
    public void Options_created_alike_are_the_same()
    {
        Assert.True(TransportOptions.AreSame(Filled(), Filled()));
        Assert.True(TransportOptions.AreSame(New(), New()));
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void Options_that_differ_in_one_property_are_not_the_same(string name)
    {
        HttpClientTransportOptions one = New();
        HttpClientTransportOptions other = New();
        Change(other, name);

        Assert.False(TransportOptions.AreSame(one, other));
        Assert.False(TransportOptions.AreSame(other, one));
    }

    [Theory]
    [InlineData(true, "X-Tenant", "green")]
    [InlineData(true, "X-Other", "blue")]
    [InlineData(false, "X-Tenant", "Blue")]
    [InlineData(false, "X-Other", "blue")]
    public void Headers_that_differ_are_not_the_same(bool added, string name, string value)
    {
        HttpClientTransportOptions one = With(("X-Tenant", "blue"));
        HttpClientTransportOptions other = added ? With(("X-Tenant", "blue"), ("X-More", "1")) : With((name, value));

        Assert.False(TransportOptions.AreSame(one, other));
        Assert.False(TransportOptions.AreSame(other, one));
    }

    [Fact]
    public void Headers_in_another_order_are_the_same_as_are_none_and_null()
    {
        Assert.True(TransportOptions.AreSame(With(("X-A", "1"), ("X-B", "2")), With(("X-B", "2"), ("X-A", "1"))));
        Assert.True(TransportOptions.AreSame(With(), New()));
        Assert.True(TransportOptions.AreSame(New(), With()));
    }

    [Fact]
    public void OAuth_made_anew_is_the_same() => Assert.True(TransportOptions.AreSame(
        new HttpClientTransportOptions { Endpoint = Endpoint, OAuth = AuthorizationServer.NewClientOptions() },
        new HttpClientTransportOptions { Endpoint = Endpoint, OAuth = AuthorizationServer.NewClientOptions() }));

    [Fact]
    public void Copy_of_oauth_options_has_every_property()
    {
        ClientOAuthOptions options = new() { RedirectUri = Endpoint };
        foreach (PropertyInfo property in Settable<ClientOAuthOptions>())
        {
            property.SetValue(options, OAuthValue(property.PropertyType));
        }

        ClientOAuthOptions copy = TransportOptions.CopyOf(options);

        Assert.NotSame(options, copy);
        Assert.All(Settable<ClientOAuthOptions>(), property => Assert.Equal(property.GetValue(options), property.GetValue(copy)));
        Assert.NotSame(options.AdditionalAuthorizationParameters, copy.AdditionalAuthorizationParameters);
    }

    [Fact]
    public void Copy_of_oauth_options_that_nothing_was_set_on_equals_new_ones()
    {
        ClientOAuthOptions options = new() { RedirectUri = Endpoint };

        ClientOAuthOptions copy = TransportOptions.CopyOf(options);

        Assert.All(Settable<ClientOAuthOptions>(), property => Assert.Equal(property.GetValue(options), property.GetValue(copy)));
    }

    private static Uri Endpoint => new(HttpTesting.Endpoint);

    private static HttpClientTransportOptions New() => new() { Endpoint = Endpoint };

    private static HttpClientTransportOptions With(params (string Name, string Value)[] headers) =>
        new() { Endpoint = Endpoint, AdditionalHeaders = headers.ToDictionary(header => header.Name, header => header.Value) };

    private static HttpClientTransportOptions Filled()
    {
        HttpClientTransportOptions options = New();
        foreach (PropertyInfo property in Settable<HttpClientTransportOptions>())
        {
            Change(options, property.Name);
        }

        return options;
    }

    private static void Change(HttpClientTransportOptions options, string name)
    {
        PropertyInfo property = typeof(HttpClientTransportOptions).GetProperty(name)!;
        object value = OtherValue(property, property.GetValue(options));
        Assert.NotEqual(property.GetValue(options), value);
        property.SetValue(options, value);
    }

    /// <summary>A value that differs from what is there. A property of a type that is not here is new in the SDK.</summary>
    private static object OtherValue(PropertyInfo property, object? value) => value switch
    {
        bool flag => !flag,
        int number => number + 1,
        TimeSpan time => time + TimeSpan.FromSeconds(1),
        Enum choice => Enum.GetValues(property.PropertyType).Cast<Enum>().First(other => !other.Equals(choice)),
        Uri uri => new Uri(uri, "/other"),
        _ when property.PropertyType == typeof(string) => property.Name,
        _ when property.PropertyType == typeof(IDictionary<string, string>) => new Dictionary<string, string> { ["X-Tenant"] = "blue" },
        _ when property.PropertyType == typeof(ClientOAuthOptions) => AuthorizationServer.NewClientOptions(),
        _ => throw new NotSupportedException($"{property.DeclaringType!.Name}.{property.Name}"),
    };

    private static object OAuthValue(Type type) => type switch
    {
        _ when type == typeof(string) => "set",
        _ when type == typeof(Uri) => new Uri(Endpoint, "/set"),
        _ when type == typeof(IEnumerable<string>) => new[] { "scope" },
        _ when type == typeof(IDictionary<string, string>) => new Dictionary<string, string> { ["set"] = "yes" },
        _ when type == typeof(DynamicClientRegistrationOptions) => new DynamicClientRegistrationOptions { ClientName = "set" },
        _ when type.IsInterface || typeof(Delegate).IsAssignableFrom(type) => Substitute.For([type], []),
        _ => throw new NotSupportedException(type.Name),
    };

    private static IEnumerable<PropertyInfo> Settable<T>() =>
        typeof(T).GetProperties().Where(property => property.SetMethod is { IsPublic: true });
}
