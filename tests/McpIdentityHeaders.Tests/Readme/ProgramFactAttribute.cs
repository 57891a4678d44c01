namespace McpIdentityHeaders.Tests.Readme;

/// <summary>A fact that needs another program, and is skipped where that is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string program)
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        string[] names = [program, program + ".exe"];
        if (!Array.Exists(folders, folder => Array.Exists(names, name => File.Exists(Path.Combine(folder, name)))))
        {
            Skip = $"{program} is not installed: apt-get install nodejs python3";
        }
    }
}
