using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// Makes named options of all that configures and validates them. IOptionsFactory stops at the first step that fails, which hides what the
/// later ones would find.
/// </summary>
internal static class OptionsSteps
{
    /// <param name="services">The container.</param>
    /// <param name="name">The options' name.</param>
    /// <param name="errors">
    /// Receives the errors of the steps that fail. The options are then incomplete, and only good for finding further errors.
    /// </param>
    internal static T Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(
        IServiceProvider services, string name, List<Exception> errors)
        where T : class
    {
        T options = Activator.CreateInstance<T>();
        foreach (IConfigureOptions<T> step in services.GetServices<IConfigureOptions<T>>())
        {
            Try(() => (step as IConfigureNamedOptions<T>)?.Configure(name, options), errors);
        }

        foreach (IPostConfigureOptions<T> step in services.GetServices<IPostConfigureOptions<T>>())
        {
            Try(() => step.PostConfigure(name, options), errors);
        }

        string[] failures =
            [.. services.GetServices<IValidateOptions<T>>().SelectMany(step => step.Validate(name, options).Failures ?? [])];
        if (failures.Length > 0)
        {
            errors.Add(new OptionsValidationException(name, typeof(T), failures));
        }

        return options;
    }

    /// <summary>Runs a step, and adds its error to the others instead of throwing it.</summary>
    internal static void Try(Action step, List<Exception> errors)
    {
        try
        {
            step();
        }
        catch (Exception exception)
        {
            errors.Add(exception);
        }
    }
}
