using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>
/// Which room of the library's source uses which other: each file is named after its type, and a room's types are its files.
/// </summary>
internal static partial class RoomGraph
{
    /// <summary>Finds the types that a file of one room uses from a room that stands behind it in the given order.</summary>
    public static IEnumerable<string> FindBackwardUses(string[] order, string library = "McpIdentityHeaders")
    {
        string root = GetSourceFolder(library);
        Dictionary<string, string[]> files = order.ToDictionary(
            room => room, room => Directory.GetFiles(Path.Combine(root, room), "*.cs", SearchOption.AllDirectories));
        Dictionary<string, int> ranks = (
            from room in order.Index()
            from file in files[room.Item]
            select (Type: Path.GetFileNameWithoutExtension(file), Rank: room.Index)).ToDictionary(entry => entry.Type, entry => entry.Rank);

        return from room in order.Index()
               from file in files[room.Item]
               let code = CommentOrString().Replace(File.ReadAllText(file), " ")
               from type in Identifier().Matches(code).Select(match => match.Value).Distinct()
               where ranks.TryGetValue(type, out int rank) && rank > room.Index
               select $"{room.Item}/{Path.GetFileNameWithoutExtension(file)} -> {order[ranks[type]]}/{type}";
    }

    private static string GetSourceFolder(string library, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "src", library));

    [GeneratedRegex(@"\b[A-Z]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"//[^\n]*|""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex CommentOrString();
}
