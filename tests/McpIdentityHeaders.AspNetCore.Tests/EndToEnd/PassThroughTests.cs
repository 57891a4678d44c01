using System.Threading.Channels;
using McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd;

/// <summary>What is not identity comes through the gateway as the backend and the user's program meant it.</summary>
public sealed class PassThroughTests : IAsyncLifetime
{
    private WorkDeployment _deployment = null!;
    private McpClient _alice = null!;

    public static TheoryData<string> Backends => [.. WorkDeployment.Backends];

    private WorkLog Log => _deployment.Log;

    public async Task InitializeAsync()
    {
        _deployment = await WorkDeployment.StartAsync();
        _alice = await _deployment.Gateway.ConnectAsync(OidcUser.Alice);
    }

    public async Task DisposeAsync()
    {
        await _alice.DisposeAsync();
        await _deployment.DisposeAsync();
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Progress_of_a_call_arrives_before_its_result(string backend)
    {
        var reports = Channel.CreateUnbounded<ProgressNotificationValue>();

        Task<CallToolResult> call = _alice.CallToolAsync($"{backend}_count", progress: reports.Writer.ToProgress()).AsTask();

        foreach (string step in new[] { "step 1 (1/3)", "step 2 (2/3)", "step 3 (3/3)" })
        {
            ProgressNotificationValue report = Assert.Single(await reports.Reader.TakeAsync(1));
            Assert.Equal(step, $"{report.Message} ({report.Progress}/{report.Total})");
            Log.Heard.Release();
        }

        Assert.Equal("counted", (await call).Text());
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Call_that_is_cancelled_is_cancelled_at_the_backend(string backend)
    {
        using var cancel = new CancellationTokenSource();
        Task<CallToolResult> call = _alice.CallToolAsync($"{backend}_wait", cancellationToken: cancel.Token).AsTask();
        await Log.Started;

        await cancel.CancelAsync();

        await Log.Cancelled;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Call_of_a_user_who_hangs_up_is_cancelled_at_the_backend(string backend)
    {
        McpClient bob = await _deployment.Gateway.ConnectAsync(OidcUser.Bob);
        Task<CallToolResult> call = bob.CallToolAsync($"{backend}_wait").AsTask();
        await Log.Started;

        await bob.DisposeAsync();

        await Log.Cancelled;
        await Assert.ThrowsAnyAsync<Exception>(() => call);
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Error_of_a_tool_arrives_as_its_result(string backend)
    {
        CallToolResult result = await _alice.CallToolAsync($"{backend}_fail");

        Assert.True(result.IsError);
        Assert.Equal("An error occurred invoking 'fail': The disk is full.", result.Text());
    }

    [Theory, MemberData(nameof(Backends))]
    public async Task Error_of_the_protocol_arrives_with_its_code(string backend)
    {
        var error = await Assert.ThrowsAsync<McpProtocolException>(async () => await _alice.CallToolAsync($"{backend}_refuse"));

        Assert.Equal(McpErrorCode.InvalidParams, error.ErrorCode);
        Assert.EndsWith("No such thing.", error.Message, StringComparison.Ordinal);
    }
}
