using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>Compiles the C# of a page: each program by itself, and all other snippets of the page together.</summary>
internal static class SnippetCompiler
{
    /// <summary>What the SDK of a web application imports.</summary>
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;

        """;

    /// <summary>What an editor would add to a fragment.</summary>
    private const string FragmentUsings = """
        global using System.Net;
        global using System.Net.Security;
        global using System.Runtime.CompilerServices;
        global using System.Security.Claims;
        global using System.Text.Json;
        global using System.Threading.Channels;
        global using McpIdentityHeaders;
        global using McpIdentityHeaders.AspNetCore;
        global using Microsoft.AspNetCore.Components.Authorization;
        global using Microsoft.AspNetCore.Components.Server.Circuits;
        global using Microsoft.AspNetCore.HeaderPropagation;
        global using Microsoft.AspNetCore.Server.Kestrel.Https;
        global using Microsoft.AspNetCore.SignalR;
        global using Microsoft.AspNetCore.TestHost;
        global using Microsoft.Extensions.AI;
        global using Microsoft.Extensions.Caching.Hybrid;
        global using Microsoft.Extensions.Primitives;
        global using ModelContextProtocol.Client;
        global using ModelContextProtocol.Protocol;
        global using ModelContextProtocol.Server;
        global using NSubstitute;
        global using OpenTelemetry.Metrics;
        global using OpenTelemetry.Trace;
        global using StackExchange.Redis;
        global using Xunit;
        global using Yarp.ReverseProxy.Forwarder;
        global using McpIdentityHeaders.AspNetCore.Tests.Docs;
        global using McpIdentityHeaders.AspNetCore.Tests.Recipes;
        global using static McpIdentityHeaders.AspNetCore.Tests.Docs.SnippetContext;

        """;

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly string TestAssembly = typeof(SnippetCompiler).Assembly.Location;

    /// <summary>Gets the compilations of a page.</summary>
    public static IEnumerable<CSharpCompilation> Compile(DocPage page)
    {
        foreach (DocSnippet program in page.Programs)
        {
            yield return CompileProgram(program.Source, program.Page.Path, program.Line);
        }

        DocSnippet[] fragments = [.. page.Snippets.Where(snippet => snippet.Language == "csharp").Except(page.Programs)];
        if (fragments.Length > 0)
        {
            yield return CSharpCompilation.Create(
                "Snippets",
                [CSharpSyntaxTree.ParseText(ImplicitUsings + FragmentUsings + WrapFragments(fragments), Parsing)],
                References,
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        }
    }

    /// <summary>Compiles a whole program against public API alone.</summary>
    public static CSharpCompilation CompileProgram(string source, string path, int line = 1) => CSharpCompilation.Create(
        "Program",
        [CSharpSyntaxTree.ParseText(ImplicitUsings, Parsing), CSharpSyntaxTree.ParseText($"#line {line} \"{path}\"\n{source}", Parsing)],
        References.Where(reference => reference.Display != TestAssembly),
        new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

    /// <summary>Gets the errors, and the warnings that a reader who treats nulls with care would get.</summary>
    public static IEnumerable<string> GetErrors(CSharpCompilation compilation) =>
        from diagnostic in compilation.GetDiagnostics()
        where diagnostic.Severity == DiagnosticSeverity.Error || diagnostic.Id.StartsWith("CS86", StringComparison.Ordinal)
        where diagnostic.Id != "CS8795" // The generator of [LoggerMessage] does not run here.
        select diagnostic.ToString();

    private static string WrapFragments(DocSnippet[] fragments)
    {
        var source = new StringBuilder("namespace Snippets;\n");
        foreach ((int index, DocSnippet fragment) in fragments.Index())
        {
            ILookup<Kind, MemberDeclarationSyntax> parts = Parse(fragment.Source).Members.ToLookup(KindOf);
            AppendParts(source, fragment, parts[Kind.Type]);
            string bases = fragment.BaseClass is { } name ? $" : {name}" : string.Empty;
            source.Append("public sealed class Snippet").Append(index).Append(bases).Append("\n{\n");
            AppendParts(source, fragment, parts[Kind.Member]);
            source.Append("public async Task RunStatementsAsync()\n{\n");
            AppendParts(source, fragment, parts[Kind.Statement]);
            source.Append("}\n}\n");
        }

        return source.ToString();
    }

    private static void AppendParts(StringBuilder source, DocSnippet fragment, IEnumerable<MemberDeclarationSyntax> parts)
    {
        foreach (MemberDeclarationSyntax part in parts)
        {
            int line = fragment.Line + part.SyntaxTree.GetLineSpan(part.FullSpan).StartLinePosition.Line;
            source.Append("#line ").Append(line).Append(" \"").Append(fragment.Page.Path).Append("\"\n");
            source.Append(part.ToFullString()).Append("\n#line default\n");
        }
    }

    private static Kind KindOf(MemberDeclarationSyntax member) => member switch
    {
        BaseTypeDeclarationSyntax or DelegateDeclarationSyntax => Kind.Type,
        GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax function } when IsMember(function) => Kind.Member,
        GlobalStatementSyntax => Kind.Statement,
        _ => Kind.Member,
    };

    private static bool IsMember(LocalFunctionStatementSyntax function) =>
        function.AttributeLists.Count > 0 || function.Modifiers.Any(modifier => SyntaxFacts.IsAccessibilityModifier(modifier.Kind()));

    private static CompilationUnitSyntax Parse(string source) => CSharpSyntaxTree.ParseText(source, Parsing).GetCompilationUnitRoot();

    private enum Kind
    {
        Type,
        Member,
        Statement,
    }
}
