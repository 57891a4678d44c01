// Writes an assembly's XML documentation without what its users cannot see: the compiler documents internals too.
//
//     PublicDocumentation <assembly> <documentation> <output>

using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

if (args is not [string assemblyPath, string documentationPath, string outputPath])
{
    await Console.Error.WriteLineAsync("Usage: PublicDocumentation <assembly> <documentation> <output>");
    return 1;
}

MetadataReference assembly = MetadataReference.CreateFromFile(assemblyPath);
CSharpCompilation compilation = CSharpCompilation.Create("documentation", references: [assembly]);
HashSet<string> visible = [];
Add((INamespaceOrTypeSymbol)((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(assembly)!).GlobalNamespace);

XDocument documentation = XDocument.Load(documentationPath, LoadOptions.PreserveWhitespace);
List<XElement> hidden = [.. documentation.Descendants("member").Where(member => !visible.Contains((string)member.Attribute("name")!))];
foreach (XElement member in hidden)
{
    // With the line break in front of it.
    if (member.PreviousNode is XText)
    {
        member.PreviousNode.Remove();
    }

    member.Remove();
}

documentation.Save(outputPath, SaveOptions.DisableFormatting);
return 0;

void Add(INamespaceOrTypeSymbol container)
{
    foreach (ISymbol member in container.GetMembers().Where(IsVisible))
    {
        if (member.GetDocumentationCommentId() is { } id)
        {
            visible.Add(id);
        }

        if (member is INamespaceOrTypeSymbol inner)
        {
            Add(inner);
        }
    }
}

static bool IsVisible(ISymbol symbol) => symbol is INamespaceSymbol
    || symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal;
