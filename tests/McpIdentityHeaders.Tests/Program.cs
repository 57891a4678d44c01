using McpIdentityHeaders.Tests.Allocations;

if (args is [AllocationReport.Command])
{
    AllocationReport.Write(Console.Out);
}
