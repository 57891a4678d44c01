using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;
using System.Xml.Linq;

namespace McpIdentityHeaders.Package.Tests.Support;

/// <summary>What one package holds.</summary>
internal static class PackedPackage
{
    private static readonly Guid SourceLinkKind = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    /// <summary>Gets the paths of what was packed, without the parts that every package has.</summary>
    public static IEnumerable<string> GetFiles(this ZipArchive package) => package.GetPackedFiles().Order(StringComparer.Ordinal);

    public static string ReadText(this ZipArchive package, string path)
    {
        using var reader = new StreamReader(package.GetEntry(path)!.Open());
        return reader.ReadToEnd();
    }

    public static XDocument ReadXml(this ZipArchive package, string path) => XDocument.Parse(package.ReadText(path));

    /// <summary>Gets the metadata of the package's nuspec.</summary>
    public static XElement ReadMetadata(this ZipArchive package)
    {
        ZipArchiveEntry nuspec = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        XElement root = package.ReadXml(nuspec.FullName).Root!;
        return root.Element(root.Name.Namespace + "metadata")!;
    }

    public static string? Text(this XElement metadata, string name) => metadata.Element(metadata.Name.Namespace + name)?.Value;

    /// <summary>Gets the paths of the sources, as the debugger sees them, and the addresses that they are mapped to.</summary>
    public static (IReadOnlyList<string> Sources, IReadOnlyDictionary<string, string> SourceLink) ReadPdb(
        this ZipArchive symbols, string path)
    {
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(symbols.ReadBytes(path));
        MetadataReader reader = provider.GetMetadataReader();
        string[] sources = [.. reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name))];
        CustomDebugInformation sourceLink = reader.CustomDebugInformation
            .Select(reader.GetCustomDebugInformation)
            .Single(information => reader.GetGuid(information.Kind) == SourceLinkKind);
        using JsonDocument json = JsonDocument.Parse(reader.GetBlobBytes(sourceLink.Value));
        JsonElement maps = json.RootElement.GetProperty("documents");
        return (sources, maps.EnumerateObject().ToDictionary(map => map.Name, map => map.Value.GetString()!));
    }

    /// <summary>Tells whether the same sources give the same assembly, byte for byte.</summary>
    public static bool IsReproducible(this ZipArchive package, string path)
    {
        using var reader = new PEReader(package.ReadBytes(path));
        return reader.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible);
    }

    private static IEnumerable<string> GetPackedFiles(this ZipArchive package) =>
        from entry in package.Entries
        where !entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)
        where !entry.FullName.StartsWith("_rels/", StringComparison.Ordinal)
        where !entry.FullName.StartsWith("package/", StringComparison.Ordinal)
        where entry.FullName != "[Content_Types].xml"
        select entry.FullName;

    private static MemoryStream ReadBytes(this ZipArchive archive, string path)
    {
        var bytes = new MemoryStream();
        using Stream entry = archive.GetEntry(path)!.Open();
        entry.CopyTo(bytes);
        bytes.Position = 0;
        return bytes;
    }
}
