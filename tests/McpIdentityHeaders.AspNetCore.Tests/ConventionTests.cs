namespace McpIdentityHeaders.AspNetCore.Tests;

/// <summary>The shape of the house, as far as a machine can see it.</summary>
public sealed class ConventionTests
{
    private static readonly ConventionAssertions ConventionAssertions = new(typeof(IdentityHeadersOptions).Assembly);

    /// <summary>The long test names of today, to be emptied one by one.</summary>
    private static readonly string[] KnownLongTestNames =
    [
        "Explicit_authentication_in_front_of_the_middleware_makes_no_user_of_what_is_malformed",
        "Identity_that_does_not_come_from_the_gateway_is_refused_though_nginx_is_a_trusted_peer",
        "Task_that_outlives_its_request_never_sees_the_users_of_later_ones_on_its_connection",
    ];

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
        Assert.Empty(ConventionAssertions.FindLongTestNames(typeof(ConventionTests).Assembly).Except(KnownLongTestNames));
}
