using System.Reflection;
using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Tests.Support;

/// <summary>The conventions of each library's layout that reflection and file names can check.</summary>
internal sealed class ConventionAssertions(Assembly library)
{
    private const int MaxTestNameLength = 80;
    private const int MaxLineLength = 140;

    public void HasInternalTypesUnderInternal() =>
        Assert.DoesNotContain(
            library.GetTypes(), type => type.Namespace?.EndsWith(".Internal", StringComparison.Ordinal) == true && type.IsPublic);

    public void HasSealedOrStaticPublicClasses() =>
        Assert.DoesNotContain(library.GetExportedTypes(), type => type.IsClass && !type.IsSealed);

    public void HasAFileForEachPublicType() =>
        Assert.All(
            library.GetExportedTypes(), type => Assert.Contains($"{type.Name}.cs", SourceFiles().Select(file => Path.GetFileName(file))));

    /// <summary>Finds the names of public asynchronous methods without a CancellationToken.</summary>
    public IEnumerable<string> MethodsWithoutCancellation() =>
        from type in library.GetExportedTypes()
        from method in type.GetMethods()
        where method.DeclaringType == type && typeof(Task).IsAssignableFrom(method.ReturnType)
        where method.GetParameters().All(parameter => parameter.ParameterType != typeof(CancellationToken))
        select method.Name;

    /// <summary>Finds the names of an assembly's test methods that are longer than 80 characters.</summary>
    public static IEnumerable<string> FindLongTestNames(Assembly tests) =>
        from type in tests.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where method.IsDefined(typeof(FactAttribute)) && method.Name.Length > MaxTestNameLength
        select method.Name;

    /// <summary>Finds the lines of the library's source that are longer than 140 characters.</summary>
    public IEnumerable<string> FindLongLines() => FindLongLines(SourceFiles());

    /// <summary>Finds the lines of an assembly's tests that are longer than 140 characters.</summary>
    /// <param name="tests">The assembly.</param>
    /// <param name="except">The names of files and folders to leave out.</param>
    public static IEnumerable<string> FindLongTestLines(Assembly tests, params string[] except) =>
        FindLongLines(SourceFiles("tests", tests, except));

    private static IEnumerable<string> FindLongLines(IEnumerable<string> files) =>
        from file in files
        from line in File.ReadLines(file).Index()
        where line.Item.Length > MaxLineLength
        select $"{Path.GetFileName(file)}({line.Index + 1})";

    private IEnumerable<string> SourceFiles() => SourceFiles("src", library, []);

    private static IEnumerable<string> SourceFiles(
        string folder, Assembly assembly, string[] except, [CallerFilePath] string thisFile = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", folder, assembly.GetName().Name!));
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar).Intersect(["obj", .. except]).Any());
    }
}
