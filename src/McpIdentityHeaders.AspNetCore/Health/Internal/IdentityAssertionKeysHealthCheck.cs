using McpIdentityHeaders.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace McpIdentityHeaders.AspNetCore.Internal;

/// <summary>Tells whether clients can sign assertions, and whether schemes have keys to verify them by.</summary>
/// <param name="services">The container.</param>
/// <param name="expiryWarning">How long before a signing certificate expires the check is degraded.</param>
internal sealed class IdentityAssertionKeysHealthCheck(IServiceProvider services, TimeSpan expiryWarning) : IHealthCheck
{
    private readonly TimeProvider _time = services.GetService<TimeProvider>() ?? TimeProvider.System;

    /// <exception cref="InvalidOperationException">There are no keys to check.</exception>
    internal static void ThrowIfNoKeys(IServiceProvider services, string name)
    {
        if (!services.GetServices<IdentityAssertionClientName>().Any() && !services.GetServices<IdentityAssertionSchemeName>().Any())
        {
            throw new InvalidOperationException(
                $"Health check '{name}': no client signs assertions and no scheme verifies them, so there are no keys to check. Call "
                + "AddIdentityAssertion(…), or leave AddIdentityAssertionKeys out.");
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var report = new HealthReportBuilder();
        foreach (IdentityAssertionClientName client in services.GetServices<IdentityAssertionClientName>())
        {
            JudgeSender(client.Value, report);
        }

        foreach (IdentityAssertionSchemeName scheme in services.GetServices<IdentityAssertionSchemeName>())
        {
            await JudgeReceiverAsync(scheme.Value, report, cancellationToken).ConfigureAwait(false);
        }

        return report.Build(context.Registration.FailureStatus);
    }

    private void JudgeSender(string client, HealthReportBuilder report)
    {
        AssertionKeyRing keys = services.GetRequiredKeyedService<IdentityAssertionState>(client).Plan.Keys;
        try
        {
            AssertionKey key = keys.GetSigningKey();
            if (key.HasValidity && key.NotAfter - _time.GetUtcNow() <= expiryWarning)
            {
                report.AddWarning(
                    $"HttpClient '{client}': the certificate that signs expires at {key.NotAfter.ToUniversalTime():u}. Put its successor "
                    + "in front of IdentityAssertionOptions.Keys before that.");
            }
        }
        catch (InvalidOperationException exception)
        {
            report.AddFailure($"HttpClient '{client}': no assertion can be signed: {exception.Message}.");
        }

        foreach (string error in keys.GetReadErrors())
        {
            report.AddWarning($"HttpClient '{client}': a changed key was not taken, and the last one is in force: {error}.");
        }
    }

    private async Task JudgeReceiverAsync(string scheme, HealthReportBuilder report, CancellationToken cancellationToken)
    {
        VerificationKeys keys = services.GetRequiredKeyedService<IdentityAssertionScheme>(scheme).Plan.Keys;
        switch (await keys.CheckAsync(cancellationToken).ConfigureAwait(false))
        {
            case KeyAvailability.Missing:
                report.AddFailure(
                    $"Authentication scheme '{scheme}': the issuer's keys could not be fetched yet, and every assertion is refused. The "
                    + "log has the address and the error.");
                break;

            case KeyAvailability.Expired:
                report.AddFailure(
                    $"Authentication scheme '{scheme}': no certificate of ReceivedAssertionOptions.Keys is valid now, and every assertion "
                    + "is refused. Add the sender's present one.");
                break;

            case KeyAvailability.Stale:
                report.AddWarning(
                    $"Authentication scheme '{scheme}': the issuer's keys could not be fetched again. Assertions by keys that are known "
                    + "are accepted.");
                break;
        }
    }
}
