namespace McpIdentityHeaders.AspNetCore.Tests.Docs;

/// <summary>A fenced block of code.</summary>
/// <param name="Page">The page it is on.</param>
/// <param name="Language">The language that the fence names.</param>
/// <param name="Source">The code.</param>
/// <param name="Line">The page's line that the code starts at.</param>
/// <param name="BaseClass">The class that a hidden comment in front names, if the code is a member of one that derives from it.</param>
internal sealed record DocSnippet(DocPage Page, string Language, string Source, int Line, string? BaseClass);
