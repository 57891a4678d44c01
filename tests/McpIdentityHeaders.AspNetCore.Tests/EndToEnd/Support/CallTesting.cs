using System.Threading.Channels;
using ModelContextProtocol.Protocol;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>Short forms that the tests are written in.</summary>
internal static class CallTesting
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The text that a tool answered.</summary>
    public static string Text(this CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    /// <summary>Passes on what is reported as it comes; Progress would post each report by itself, in any order.</summary>
    public static IProgress<T> ToProgress<T>(this ChannelWriter<T> reports) => new ChannelProgress<T>(reports);

    public static async Task<IReadOnlyList<T>> TakeAsync<T>(this ChannelReader<T> reports, int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        List<T> taken = [];
        while (taken.Count < count)
        {
            taken.Add(await reports.ReadAsync(patience.Token));
        }

        return taken;
    }

    private sealed class ChannelProgress<T>(ChannelWriter<T> reports) : IProgress<T>
    {
        public void Report(T value) => Assert.True(reports.TryWrite(value));
    }
}
