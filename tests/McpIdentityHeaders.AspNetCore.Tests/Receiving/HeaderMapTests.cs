using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Receiving;

/// <summary>A map that does not fit says so as the server starts, and one that is copied from the sender works.</summary>
public sealed class HeaderMapTests
{
    public static TheoryData<string, string, Action<IdentityHeadersOptions>> Maps => new()
    {
        { "three defaults", "", _ => { } },
        { "list of roles", "", options => AddList(options, "X-User-Roles", "roles") },
        { "roles among lists", "", AddGroupsAndRoles },
        { "single role", "", AddGroupsAndSingleRole },
        { "groups as roles", "", AddGroupsAsRoles },
        { "list by path", "", options => options.Headers.Add(RolesOfRealm) },
        { "types in another case", "", UseOtherCase },
        {
            "groups alone",
            "'X-User-Groups' becomes the claims 'groups', and no header becomes the roles 'roles', so that the user has no role. Set "
                + "RoleClaimType to 'groups', or add a header that becomes 'roles' to Headers",
            options => AddList(options, "X-User-Groups", "groups")
        },
        { "two lists", "Set RoleClaimType to 'groups' or 'scopes',", AddGroupsAndScopes },
        { "renamed roles", "'X-User-Roles' becomes the claims 'role', and", options => AddList(options, "X-User-Roles", "role") },
        { "other role type", "no header becomes the roles 'role'", AddRolesOfAnotherType },
        { "no name", "no header becomes the claim 'name', so that the user has no name. Set NameClaimType to 'sub', or add", RemoveName },
        { "other name type", "no header becomes the claim 'preferred_username'", options => options.NameClaimType = "preferred_username" },
    };

    private static ClaimHeader RolesOfRealm =>
        new("X-User-Roles", "realm_access") { JsonPath = "roles", Format = ClaimValueFormat.CommaSeparated };

    [Theory]
    [MemberData(nameof(Maps), DisableDiscoveryEnumeration = true)]
    public async Task Map_that_does_not_fit_is_logged_as_the_server_starts(
        string map, string expected, Action<IdentityHeadersOptions> configure)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(configure);

        FakeLogRecord[] warnings = [.. host.Warnings.Where(record => record.Id.Name == "MapDoesNotFit")];
        Assert.Equal(expected.Length == 0 ? 0 : 1, warnings.Length);
        Assert.All(
            warnings,
            warning => Assert.True(warning.Message.Contains(expected, StringComparison.Ordinal), $"{map}: {warning.Message}"));
        Assert.All(warnings, warning => Assert.Equal(LogLevel.Warning, warning.Level));
    }

    [Fact]
    public async Task Map_that_does_not_fit_is_logged_once_and_again_where_it_changes()
    {
        var settings = new ChangingSettings(
            ("TrustedPeers:0", "loopback"), ("Headers:0:HeaderName", "X-User-Groups"), ("Headers:0:ClaimTypes:0", "groups"),
            ("Headers:0:Format", "CommaSeparated"));
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders().AddIdentityHeaders(settings.NewSection()));

        await host.GetAsync("/open", "X-User-Sub: alice", "X-User-Groups: staff");
        settings.Change(("MaxTotalLength", "1000"));
        settings.Change(("MaxTotalLength", "2000"));
        int once = CountWarnings(host);
        settings.Change(("NameClaimType", "nickname"));

        Assert.Equal(1, once);
        Assert.Equal(2, CountWarnings(host));
    }

    [Fact]
    public async Task Name_and_roles_are_found_by_types_in_another_case()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(UseOtherCase);

        RawResponse response = await host.GetAsync("/admin", "X-User-Sub: alice", "X-User-Name: Alice", "X-User-Roles: admin");

        Assert.Equal("Alice", response.User.Name);
    }

    [Theory]
    [InlineData("oid sub", "", "sub")]
    [InlineData("sub oid", "", "sub")]
    [InlineData($"upn {ClaimTypes.NameIdentifier}", "", ClaimTypes.NameIdentifier)]
    [InlineData("oid", "oid", "oid")]
    [InlineData("oid sub", "oid sub", "oid")]
    [InlineData("uid oid", "oid", "oid")]
    public async Task Senders_map_can_be_copied(string claimTypes, string subjects, string becomes)
    {
        List<(string, string?)> settings = [("TrustedPeers:0", "loopback"), ("Headers:0:HeaderName", "X-User-Sub")];
        settings.AddRange(Number("Headers:0:ClaimTypes", claimTypes));
        settings.AddRange(Number("SubjectClaimTypes", subjects));
        await using ReceivingHost host = await ReceivingHost.StartAsync(
            schemes => schemes.AddIdentityHeaders(new ChangingSettings([.. settings]).NewSection()));

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice");

        Assert.Equal(["alice"], response.User.Values(becomes));
    }

    [Fact]
    public async Task Header_with_the_subject_first_is_the_subject_beside_one_that_has_it_later()
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync(options => options.Headers.Add("X-User-Id", "oid", "sub"));

        RawResponse response = await host.GetAsync("/closed", "X-User-Sub: alice", "X-User-Id: 1");

        Assert.Equal(["alice"], response.User.Values("sub"));
        Assert.Equal(["1"], response.User.Values("oid"));
    }

    [Theory]
    [InlineData("SubjectClaimTypes is empty")]
    [InlineData("header 'X-User-A' has no claim type")]
    public async Task Map_that_says_nothing_is_refused(string expected)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ReceivingHost.StartTrustingAsync(options =>
        {
            if (expected.StartsWith("Subject", StringComparison.Ordinal))
            {
                options.SubjectClaimTypes.Add(" ");
            }
            else
            {
                options.Headers.Add(new ClaimHeader("X-User-A", _ => "a"));
            }
        }));

        Assert.Contains(expected, Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-User-Sub:")]
    [InlineData("X-User-Sub: alice\r\nX-User-Name:")]
    public async Task Blank_header_has_a_message_of_its_own(string lines)
    {
        await using ReceivingHost host = await ReceivingHost.StartTrustingAsync();

        RawResponse response = await host.GetAsync("/open", lines);

        Assert.Equal(400, response.Status);
        Assert.Contains("is blank", System.Text.Encoding.UTF8.GetString(response.Body), StringComparison.Ordinal);
        Assert.Contains("is blank", Assert.Single(host.Warnings).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Key, string? Value)> Number(string list, string items) =>
        items.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((item, index) => ($"{list}:{index}", (string?)item));

    private static void AddList(IdentityHeadersOptions options, string name, string claimType) =>
        options.Headers.Add(new ClaimHeader(name, claimType) { Format = ClaimValueFormat.CommaSeparated });

    private static void AddGroupsAndRoles(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Groups", "groups");
        AddList(options, "X-User-Roles", "roles");
    }

    private static void AddGroupsAndSingleRole(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Groups", "groups");
        options.Headers.Add("X-User-Role", "roles");
    }

    private static void AddGroupsAsRoles(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Groups", "groups");
        options.RoleClaimType = "groups";
    }

    private static int CountWarnings(ReceivingHost host) =>
        host.Logs.GetSnapshot().Count(record => record.Id.Name == "MapDoesNotFit");

    private static void UseOtherCase(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Roles", "Roles");
        options.NameClaimType = "Name";
    }

    private static void AddGroupsAndScopes(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Groups", "groups");
        AddList(options, "X-User-Scopes", "scopes");
    }

    private static void AddRolesOfAnotherType(IdentityHeadersOptions options)
    {
        AddList(options, "X-User-Roles", "roles");
        options.RoleClaimType = "role";
    }

    private static void RemoveName(IdentityHeadersOptions options)
    {
        options.Headers.Clear();
        options.Headers.Add("X-User-Sub", "sub");
    }
}
