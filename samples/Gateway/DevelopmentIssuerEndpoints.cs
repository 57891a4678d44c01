namespace Gateway;

internal static class DevelopmentIssuerEndpoints
{
    /// <summary>Maps <c>/development/token/{user}</c>, where there is an issuer to ask.</summary>
    public static void MapDevelopmentIssuer(this WebApplication app)
    {
        if (app.Services.GetService<DevelopmentIssuer>() is { } issuer)
        {
            app.MapGet("/development/token/{user}", (string user) => DevelopmentIssuer.Users.ContainsKey(user)
                ? Results.Text(issuer.IssueToken(user))
                : Results.NotFound($"There is no such user. There are {string.Join(", ", DevelopmentIssuer.Users.Keys)}."));
        }
    }
}
