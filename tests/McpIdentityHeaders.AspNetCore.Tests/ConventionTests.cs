namespace McpIdentityHeaders.AspNetCore.Tests;

/// <summary>The shape of the house, as far as a machine can see it.</summary>
public sealed class ConventionTests
{
    private static readonly House House = new(typeof(IdentityHeadersOptions).Assembly);

    [Fact]
    public void Types_under_Internal_are_internal() => House.HasInternalTypesUnderInternal();

    [Fact]
    public void Public_classes_are_sealed_or_static() => House.HasSealedOrStaticPublicClasses();

    [Fact]
    public void Asynchronous_methods_take_a_cancellation_token() => Assert.Empty(House.MethodsWithoutCancellation());

    [Fact]
    public void Each_public_type_has_a_file_of_its_name() => House.HasAFileForEachPublicType();
}
