using System.ComponentModel;
using ModelContextProtocol.Server;

namespace McpIdentityHeaders.AspNetCore.Tests.EndToEnd.Support;

/// <summary>A resource and a template of resources, both with names that other backends have too.</summary>
[McpServerResourceType]
internal sealed class WorkResources
{
    public const string Manual = "docs://manual";

    public const string Pages = "docs://pages/{number}";

    [McpServerResource(UriTemplate = Manual, Name = "manual", MimeType = "text/plain"), Description("The manual.")]
    public static string ReadManual() => "Read me.";

    [McpServerResource(UriTemplate = Pages, Name = "page", MimeType = "text/plain"), Description("A page.")]
    public static string ReadPage(string number) => $"Page {number}.";
}
