using NSubstitute;

namespace McpIdentityHeaders.Tests.Readme;

/// <summary>The README's unit test, as it stands there.</summary>
public sealed class UnitTestSnippet
{
    // <snippet>
    [Fact]
    public void Greets_the_user_by_name()
    {
        var identity = Substitute.For<IIdentityAccessor>();
        identity.User.Returns(new ClaimsPrincipal(new ClaimsIdentity([new Claim("name", "Alice")], authenticationType: "test")));

        Assert.Equal("Hello, Alice!", new Greeter(identity).Greet());
    }
    // </snippet>

    // <snippet>
    [Fact]
    public async Task Backend_is_called_for_the_user()
    {
        var identity = Substitute.For<IIdentityAccessor>();
        identity.User.Returns(new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "alice")], authenticationType: "test")));
        var backend = new RecordingHandler();
        using var client = new HttpClient(new ClaimInjectionHandler(identity) { InnerHandler = backend });

        await client.GetAsync(new Uri("https://backend.example/"));

        Assert.Equal(["alice"], backend.Only.Values("X-User-Sub"));
    }
    // </snippet>
}
