namespace Gateway.Backends;

/// <summary>Stops reading where a backend sends more than the gateway has room for.</summary>
internal sealed class ResponseLimitHandler(int limit) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        HttpContent content = response.Content;
        bool isStream = content.Headers.ContentType?.MediaType == "text/event-stream";

        response.Content = new StreamContent(new LimitedStream(
            await content.ReadAsStreamAsync(cancellationToken), limit, isStream, isStream ? MessagePace.Of(request) : null));
        foreach ((string name, IEnumerable<string> values) in content.Headers)
        {
            response.Content.Headers.TryAddWithoutValidation(name, values);
        }

        return response;
    }
}
