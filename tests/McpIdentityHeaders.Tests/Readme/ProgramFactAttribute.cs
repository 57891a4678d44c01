namespace McpIdentityHeaders.Tests.Readme;

/// <summary>A fact that needs another program, and is skipped where that is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string program)
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        if (!Array.Exists(folders, folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe"))))
        {
            Skip = $"{program} is not installed: apt-get install nodejs python3";
        }
    }
}
