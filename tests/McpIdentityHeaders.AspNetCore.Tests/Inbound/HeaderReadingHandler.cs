using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.AspNetCore.Tests.Inbound;

/// <summary>An authentication scheme that looks for a user in a header, and tells what it found.</summary>
internal sealed class HeaderReadingHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, HeaderReadingHandler.Seen seen)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        seen(Request.Headers["X_User_Sub"].ToString());
        return Task.FromResult(AuthenticateResult.NoResult());
    }

    /// <summary>Receives the header's value.</summary>
    internal delegate void Seen(string value);
}
