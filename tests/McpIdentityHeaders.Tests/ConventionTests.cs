using System.Reflection;

namespace McpIdentityHeaders.Tests;

/// <summary>The library's layout and naming conventions.</summary>
public sealed class ConventionTests
{
    private static readonly string[] Rooms =
        ["Shared", "Headers", "Identity", "Redirects", "Injection", "Pipeline", "Sessions", "Mcp", "Pool", "Tools", "DependencyInjection"];

    private static readonly ConventionAssertions ConventionAssertions = new(typeof(ClaimInjectionHandler).Assembly);

    [Fact]
    public void Types_under_Internal_are_internal() => ConventionAssertions.HasInternalTypesUnderInternal();

    [Fact]
    public void Public_classes_are_sealed_or_static() => ConventionAssertions.HasSealedOrStaticPublicClasses();

    [Fact]
    public void Asynchronous_methods_take_a_cancellation_token() =>
        Assert.Equal(
            [nameof(AmbientIdentity.RunAsync), nameof(AmbientIdentity.RunAsync)], ConventionAssertions.MethodsWithoutCancellation());

    [Fact]
    public void Each_public_type_has_a_file_of_its_name() => ConventionAssertions.HasAFileForEachPublicType();

    [Fact]
    public void Test_names_have_at_most_80_characters() =>
        Assert.Empty(ConventionAssertions.FindLongTestNames(typeof(ConventionTests).Assembly));

    [Fact]
    public void Lines_of_source_have_at_most_140_characters() => Assert.Empty(ConventionAssertions.FindLongLines());

    [Fact]
    public void Rooms_use_only_rooms_in_front_of_them() => Assert.Empty(RoomGraph.FindBackwardUses(Rooms));

    [Fact]
    public void Handlers_hold_no_user()
    {
        IEnumerable<FieldInfo> fields =
            from type in new[] { typeof(IdentityHandler), typeof(ClaimInjectionHandler), typeof(SameOriginRedirectHandler) }
            from field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            select field;

        Assert.DoesNotContain(fields, field => typeof(System.Security.Principal.IPrincipal).IsAssignableFrom(field.FieldType));
    }
}
