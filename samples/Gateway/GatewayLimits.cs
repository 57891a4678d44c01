namespace Gateway;

/// <summary>What one user, or one backend, may take of the gateway: the section <c>Limits</c>.</summary>
internal sealed record GatewayLimits
{
    /// <summary>
    /// Gets how many sessions a user may have at a time. Clients of protocol 2026-07-28 have none: of those, it is in how many ways they
    /// may differ in what they can do.
    /// </summary>
    public int SessionsPerUser { get; init; } = 50;

    /// <summary>Gets how long a session may be idle.</summary>
    public TimeSpan SessionIdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Gets the size of a request of a client's.</summary>
    public int RequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Gets the size of a message of a backend's.</summary>
    public int ResponseBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Gets how long a list waits for a backend.</summary>
    public TimeSpan ListTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how many pages of one backend's list are read.</summary>
    public int ListPages { get; init; } = 50;

    /// <summary>Gets how long a backend's question waits for a client that answers with another request.</summary>
    public TimeSpan QuestionTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how many of a user's requests may wait for such an answer at a time.</summary>
    public int QuestionsPerUser { get; init; } = 20;

    /// <summary>Gets for how many resources, or by how many requests, a user's clients may listen at a time.</summary>
    public int SubscriptionsPerUser { get; init; } = 100;

    public static GatewayLimits Read(IConfiguration configuration)
    {
        GatewayLimits limits = configuration.GetSection("Limits").Get<GatewayLimits>() ?? new GatewayLimits();
        RequirePositive(nameof(SessionsPerUser), limits.SessionsPerUser > 0);
        RequirePositive(nameof(SessionIdleTimeout), limits.SessionIdleTimeout > TimeSpan.Zero);
        RequirePositive(nameof(RequestBytes), limits.RequestBytes > 0);
        RequirePositive(nameof(ResponseBytes), limits.ResponseBytes > 0);
        RequirePositive(nameof(ListTimeout), limits.ListTimeout > TimeSpan.Zero);
        RequirePositive(nameof(ListPages), limits.ListPages > 0);
        RequirePositive(nameof(QuestionTimeout), limits.QuestionTimeout > TimeSpan.Zero);
        RequirePositive(nameof(QuestionsPerUser), limits.QuestionsPerUser > 0);
        RequirePositive(nameof(SubscriptionsPerUser), limits.SubscriptionsPerUser > 0);
        return limits;
    }

    private static void RequirePositive(string setting, bool isPositive)
    {
        if (!isPositive)
        {
            throw new InvalidOperationException($"Limits:{setting} has to be more than zero. Leave it out for the default.");
        }
    }
}
