using System.Reflection;
using System.Runtime.CompilerServices;

namespace McpIdentityHeaders.Tests;

/// <summary>The shape of the house, as far as a machine can see it.</summary>
public sealed class ConventionTests
{
    private static readonly Assembly Library = typeof(ClaimInjectionHandler).Assembly;

    [Fact]
    public void Types_under_Internal_are_internal() =>
        Assert.DoesNotContain(Library.GetTypes(), type => type.Namespace == "McpIdentityHeaders.Internal" && type.IsPublic);

    [Fact]
    public void Public_classes_are_sealed_or_static() =>
        Assert.DoesNotContain(Library.GetExportedTypes(), type => type.IsClass && !type.IsSealed);

    [Fact]
    public void Asynchronous_methods_take_a_cancellation_token() => Assert.Equal(
        [nameof(AmbientIdentity.RunAsync), nameof(AmbientIdentity.RunAsync)],
        from type in Library.GetExportedTypes()
        from method in type.GetMethods()
        where method.DeclaringType == type && typeof(Task).IsAssignableFrom(method.ReturnType)
        where method.GetParameters().All(parameter => parameter.ParameterType != typeof(CancellationToken))
        select method.Name);

    [Fact]
    public void Each_public_type_has_a_file_of_its_name() =>
        Assert.All(Library.GetExportedTypes(), type => Assert.Contains($"{type.Name}.cs", SourceFiles().Select(file => Path.GetFileName(file))));

    [Fact]
    public void No_source_file_is_longer_than_300_lines() =>
        Assert.All(SourceFiles(), file => Assert.InRange(File.ReadLines(file).Count(), 1, 300));

    [Fact]
    public void Handlers_hold_no_user()
    {
        IEnumerable<FieldInfo> fields =
            from type in new[] { typeof(IdentityHandler), typeof(ClaimInjectionHandler), typeof(SameOriginRedirectHandler) }
            from field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            select field;

        Assert.DoesNotContain(fields, field => typeof(System.Security.Principal.IPrincipal).IsAssignableFrom(field.FieldType));
    }

    private static IEnumerable<string> SourceFiles([CallerFilePath] string thisFile = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "McpIdentityHeaders"));
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).StartsWith("obj", StringComparison.Ordinal));
    }
}
