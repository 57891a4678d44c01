using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace McpIdentityHeaders.Internal;

/// <summary>Tags the activity of one HTTP request with its user, as valid settings have it. It holds no user.</summary>
internal sealed class UserActivityTagger
{
    private const string IdTag = "enduser.id";
    private const string PseudonymousIdTag = "enduser.pseudo.id";

    /// <summary>The fewest characters of a key: HMAC-SHA256's own output is as long (RFC 2104, section 3).</summary>
    private const int MinKeyLength = 32;

    private readonly byte[]? _key;
    private readonly string _tag;

    private UserActivityTagger(string tag, byte[]? key)
    {
        _tag = tag;
        _key = key;
    }

    /// <summary>Makes the tagger of valid settings; null where no activity is to be tagged.</summary>
    internal static UserActivityTagger? Create(UserActivityTag tag, string? key) => tag switch
    {
        UserActivityTag.Id => new UserActivityTagger(IdTag, key: null),
        UserActivityTag.PseudonymousId => new UserActivityTagger(PseudonymousIdTag, Encoding.UTF8.GetBytes(key!)),
        _ => null,
    };

    /// <summary>Gets what is wrong with the settings. No error quotes the key.</summary>
    internal static IEnumerable<string> GetValidationErrors(UserActivityTag tag, string? key)
    {
        const string GoodKey = "32 random bytes in hexadecimal digits, the same in each program that is to give a user the same id";

        if (!Enum.IsDefined(tag))
        {
            yield return $"UserActivityTag is the unknown '{tag}'. Use a value of UserActivityTag.";
        }

        if (key is null && tag == UserActivityTag.PseudonymousId)
        {
            yield return $"UserActivityTag is PseudonymousId, and UserActivityTagKey is not set. Set it to {GoodKey}.";
        }

        if (key is not null && (key.Length < MinKeyLength || string.IsNullOrWhiteSpace(key)))
        {
            yield return $"UserActivityTagKey is not at least {MinKeyLength} characters, so that who is behind an id could be found by "
                + $"trying. Set it to {GoodKey}.";
        }

        // Fail closed: whoever has set a key does not mean to export subjects.
        if (key is not null && tag == UserActivityTag.Id)
        {
            yield return "UserActivityTag is Id, which exports subjects as they are, and UserActivityTagKey is set. Set UserActivityTag to "
                + "PseudonymousId, or remove the key.";
        }
    }

    /// <summary>Tags an activity that is recorded. What the application has set stays.</summary>
    internal void Tag(Activity? activity, string subject)
    {
        if (activity is { IsAllDataRequested: true } && activity.GetTagItem(_tag) is null)
        {
            string id = _key is null ? subject : Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(subject)));
            activity.SetTag(_tag, id);
        }
    }
}
