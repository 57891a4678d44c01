using McpIdentityHeaders.Tests.Injection;

if (args is [AllocationReport.Command])
{
    AllocationReport.Write(Console.Out);
}
