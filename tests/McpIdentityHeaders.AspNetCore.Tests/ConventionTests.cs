namespace McpIdentityHeaders.AspNetCore.Tests;

/// <summary>The conventions that a machine can check.</summary>
public sealed class ConventionTests
{
    private static readonly ConventionAssertions ConventionAssertions = new(typeof(IdentityHeadersOptions).Assembly);

    [Fact]
    public void Types_under_Internal_are_internal() => ConventionAssertions.HasInternalTypesUnderInternal();

    [Fact]
    public void Public_classes_are_sealed_or_static() => ConventionAssertions.HasSealedOrStaticPublicClasses();

    [Fact]
    public void Asynchronous_methods_take_a_cancellation_token() => Assert.Empty(ConventionAssertions.MethodsWithoutCancellation());

    [Fact]
    public void Each_public_type_has_a_file_of_its_name() => ConventionAssertions.HasAFileForEachPublicType();

    [Fact]
    public void Test_names_have_at_most_80_characters() =>
        Assert.Empty(ConventionAssertions.FindLongTestNames(typeof(ConventionTests).Assembly));

    [Fact]
    public void Lines_of_source_have_at_most_140_characters() => Assert.Empty(ConventionAssertions.FindLongLines());

    [Fact]
    public void Lines_of_tests_have_at_most_140_characters() =>
        Assert.Empty(ConventionAssertions.FindLongTestLines(
            typeof(ConventionTests).Assembly, except: ["EndToEnd", "IdentityProviderTests.cs"]));

    [Fact]
    public void Rooms_use_only_rooms_in_front_of_them() => Assert.Empty(RoomGraph.FindBackwardUses(
        ["Profiles", "Trust", "Caching", "Receiving", "Keys", "Assertions", "Inbound", "Publishing", "Health", "DependencyInjection"],
        "McpIdentityHeaders.AspNetCore"));
}
