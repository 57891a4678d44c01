using System.Reflection;
using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The shape that each library's house has, as far as a machine can see it.</summary>
internal sealed class ConventionAssertions(Assembly library)
{
    public void HasInternalTypesUnderInternal() =>
        Assert.DoesNotContain(library.GetTypes(), type => type.Namespace?.EndsWith(".Internal", StringComparison.Ordinal) == true && type.IsPublic);

    public void HasSealedOrStaticPublicClasses() =>
        Assert.DoesNotContain(library.GetExportedTypes(), type => type.IsClass && !type.IsSealed);

    public void HasAFileForEachPublicType() =>
        Assert.All(library.GetExportedTypes(), type => Assert.Contains($"{type.Name}.cs", SourceFiles().Select(file => Path.GetFileName(file))));

    /// <summary>Gives the names of public asynchronous methods that cannot be cancelled.</summary>
    public IEnumerable<string> MethodsWithoutCancellation() =>
        from type in library.GetExportedTypes()
        from method in type.GetMethods()
        where method.DeclaringType == type && typeof(Task).IsAssignableFrom(method.ReturnType)
        where method.GetParameters().All(parameter => parameter.ParameterType != typeof(CancellationToken))
        select method.Name;

    private IEnumerable<string> SourceFiles([CallerFilePath] string thisFile = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "src", library.GetName().Name!));
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).StartsWith("obj", StringComparison.Ordinal));
    }
}
