using System.Reflection;

namespace McpIdentityHeaders.Tests;

/// <summary>The library's layout and naming conventions.</summary>
public sealed class ConventionTests
{
    private static readonly ConventionAssertions ConventionAssertions = new(typeof(ClaimInjectionHandler).Assembly);

    /// <summary>The cycles of today, to be emptied one by one.</summary>
    private static readonly string[] KnownBackwardUses =
    [
        "Mcp/McpSession -> Pool/CloseDeadline",
        "Mcp/McpSessionHandler -> Pool/CloseDeadline",
        "Mcp/SessionOwner -> Pool/PoolUser",
    ];

    /// <summary>The long test names of today, to be emptied one by one.</summary>
    private static readonly string[] KnownLongTestNames =
    [
        "Backends_of_all_kinds_behind_one_gateway_get_as_many_clients_as_they_need_and_no_call_of_anyone_elses",
        "Call_of_a_visitor_on_a_session_that_was_rented_where_the_user_was_not_known_goes_out_as_nobody",
        "Changed_endpoint_moves_the_next_rent_and_closes_the_old_session_when_it_is_given_back",
        "Factory_that_gives_two_users_one_cache_is_refused_for_the_second_and_keeps_the_first",
        "Header_set_for_a_user_goes_with_every_request_of_that_users_session_and_with_no_other",
        "Leases_on_a_session_that_has_ended_can_be_given_back_and_do_not_end_its_successor",
        "New_token_that_bobs_call_needs_is_fetched_without_identity_and_the_call_sent_again_as_bob",
        "One_client_serves_users_and_visitors_who_come_at_once_and_each_call_is_its_own_users",
        "Principal_of_two_subjects_shares_the_session_of_the_one_that_SelectIdentity_chooses",
        "Settings_that_are_not_configured_keep_their_defaults_and_code_after_the_section_wins",
        "Sharing_that_is_turned_off_gives_users_clients_of_their_own_and_closes_the_one_of_all",
    ];

    [Fact]
    public void Types_under_Internal_are_internal() => ConventionAssertions.HasInternalTypesUnderInternal();

    [Fact]
    public void Public_classes_are_sealed_or_static() => ConventionAssertions.HasSealedOrStaticPublicClasses();

    [Fact]
    public void Asynchronous_methods_take_a_cancellation_token() =>
        Assert.Equal([nameof(AmbientIdentity.RunAsync), nameof(AmbientIdentity.RunAsync)], ConventionAssertions.MethodsWithoutCancellation());

    [Fact]
    public void Each_public_type_has_a_file_of_its_name() => ConventionAssertions.HasAFileForEachPublicType();

    [Fact]
    public void Test_names_have_at_most_80_characters() =>
        Assert.Empty(ConventionAssertions.FindLongTestNames(typeof(ConventionTests).Assembly).Except(KnownLongTestNames));

    [Fact]
    public void Rooms_use_only_rooms_in_front_of_them() => Assert.Equal(
        KnownBackwardUses,
        RoomGraph.FindBackwardUses(["Shared", "Headers", "Identity", "Redirects", "Injection", "Pipeline", "Mcp", "Pool", "DependencyInjection"])
            .Order(StringComparer.Ordinal));

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
