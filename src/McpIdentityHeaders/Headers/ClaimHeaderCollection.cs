using System.Collections.ObjectModel;
using McpIdentityHeaders.Internal;

namespace McpIdentityHeaders;

/// <summary>The headers that a client sends for its users, in the order in which they are set.</summary>
/// <remarks>
/// Two names are aliases if they differ only in case or in <c>-</c>, <c>_</c> and <c>.</c>: many servers read them as one. Adding an alias
/// of an existing header replaces it.
/// </remarks>
public sealed class ClaimHeaderCollection : Collection<ClaimHeader>
{
    /// <summary>Adds a header, or replaces its alias.</summary>
    /// <param name="headerName">The header's name, an RFC 9110 token such as <c>X-User-Groups</c>.</param>
    /// <param name="claimTypes">The claim types to look for, in order. The first with a value wins.</param>
    /// <exception cref="ArgumentException"><paramref name="headerName"/> or a claim type is empty, or there is no claim type.</exception>
    public void Add(string headerName, params IReadOnlyList<string> claimTypes) => Add(new ClaimHeader(headerName, claimTypes));

    /// <inheritdoc/>
    protected override void InsertItem(int index, ClaimHeader item)
    {
        ArgumentNullException.ThrowIfNull(item);

        int alias = IndexOfAlias(item);
        if (alias >= 0)
        {
            base.SetItem(alias, item);
        }
        else
        {
            base.InsertItem(index, item);
        }
    }

    /// <inheritdoc/>
    protected override void SetItem(int index, ClaimHeader item)
    {
        ArgumentNullException.ThrowIfNull(item);

        base.SetItem(index, item);

        for (int other = Count - 1; other >= 0; other--)
        {
            if (other != index && HeaderAlias.Equals(this[other].HeaderName, item.HeaderName))
            {
                RemoveAt(other);
                index -= other < index ? 1 : 0;
            }
        }
    }

    private int IndexOfAlias(ClaimHeader item)
    {
        for (int index = 0; index < Count; index++)
        {
            if (HeaderAlias.Equals(this[index].HeaderName, item.HeaderName))
            {
                return index;
            }
        }

        return -1;
    }
}
