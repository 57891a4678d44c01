namespace McpIdentityHeaders.Tests.Headers;

public sealed class ClaimHeaderCollectionTests
{
    [Fact]
    public void Default_collection_has_three_headers() => Assert.Equal(
        [
            "X-User-Sub: sub, " + ClaimTypes.NameIdentifier,
            "X-User-Email: email, " + ClaimTypes.Email,
            "X-User-Name: name, " + ClaimTypes.Name,
        ],
        new ClaimInjectionOptions().Headers.Select(header => $"{header.HeaderName}: {string.Join(", ", header.ClaimTypes)}"));

    [Theory]
    [InlineData("X-User-Email")]
    [InlineData("x_user_email")]
    [InlineData("X.User-EMAIL")]
    public void Adding_an_alias_replaces_the_header_in_its_place(string alias)
    {
        ClaimHeaderCollection headers = new ClaimInjectionOptions().Headers;

        headers.Add(alias, "mail");

        Assert.Equal(["X-User-Sub", alias, "X-User-Name"], headers.Select(header => header.HeaderName));
    }

    [Fact]
    public void Setting_an_alias_of_another_header_removes_the_other()
    {
        ClaimHeaderCollection headers = new ClaimInjectionOptions().Headers;

        headers[2] = new ClaimHeader("x_user_sub", "oid");

        Assert.Equal(["X-User-Email", "x_user_sub"], headers.Select(header => header.HeaderName));
    }

    [Theory]
    [InlineData(0, "x_user_name", "x_user_name, X-User-Email")]
    [InlineData(1, "x_user_sub", "x_user_sub, X-User-Name")]
    [InlineData(1, "x_user_name", "X-User-Sub, x_user_name")]
    [InlineData(2, "x_user_email", "X-User-Sub, x_user_email")]
    public void Setting_an_alias_keeps_the_header_that_was_set(int index, string alias, string expected)
    {
        ClaimHeaderCollection headers = new ClaimInjectionOptions().Headers;

        headers[index] = new ClaimHeader(alias, "oid");

        Assert.Equal(expected.Split(", "), headers.Select(header => header.HeaderName));
    }

    [Fact]
    public void Setting_an_alias_of_several_headers_removes_them_all()
    {
        var headers = new ClaimHeaderCollection { { "X-A", "a" }, { "X-B", "b" }, { "X-C", "c" }, { "X-D", "d" } };
        headers[2] = new ClaimHeader("x_a", "c");
        Assert.Equal(["X-B", "x_a", "X-D"], headers.Select(header => header.HeaderName));

        headers.Insert(0, new ClaimHeader("X_A", "e"));
        Assert.Equal(["X-B", "X_A", "X-D"], headers.Select(header => header.HeaderName));

        headers.Add("x.b", "f");
        Assert.Equal(["x.b", "X_A", "X-D"], headers.Select(header => header.HeaderName));
    }

    [Fact]
    public void Null_header_is_refused() => Assert.Throws<ArgumentNullException>(() => new ClaimHeaderCollection().Add(null!));

    [Fact]
    public void Header_needs_a_name_and_claim_types()
    {
        Assert.Throws<ArgumentException>(() => new ClaimHeader(" ", "sub"));
        Assert.Throws<ArgumentException>(() => new ClaimHeader("X-User-A"));
        Assert.Throws<ArgumentException>(() => new ClaimHeader("X-User-A", "sub", ""));
    }

    [Fact]
    public void Header_keeps_claim_types_of_its_own()
    {
        string[] types = ["sub"];
        var header = new ClaimHeader("X-User-A", types);

        types[0] = "changed";

        Assert.Equal(["sub"], header.ClaimTypes);
    }
}
