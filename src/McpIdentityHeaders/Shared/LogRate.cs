namespace McpIdentityHeaders.Internal;

/// <summary>Bounds the lines that repeated refusals log: their sender must not fill the log. Metrics count them in full.</summary>
internal sealed class LogRate(TimeProvider time)
{
    private const int MaxLines = 10;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long? _start;
    private int _lines;
    private long _leftOut;

    /// <summary>Whether another line may be logged.</summary>
    /// <param name="leftOut">How many were not, since the last that was.</param>
    internal bool TryTake(out long leftOut)
    {
        lock (_gate)
        {
            if (_start is not { } start || time.GetElapsedTime(start) >= Window)
            {
                _start = time.GetTimestamp();
                _lines = 0;
            }

            leftOut = _leftOut;
            if (_lines == MaxLines)
            {
                _leftOut++;
                return false;
            }

            _lines++;
            _leftOut = 0;
            return true;
        }
    }
}
