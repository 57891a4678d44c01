using Microsoft.Extensions.Configuration;

namespace McpIdentityHeaders.Internal;

/// <summary>
/// <see cref="ClaimInjectionOptions"/> as configuration holds them: what is not there stays as it is. A type of its own, since the binding
/// generator makes no <see cref="ClaimHeader"/>.
/// </summary>
internal sealed class ClaimInjectionSettings
{
    public List<HeaderSettings>? Headers { get; set; }

    public MissingIdentityBehavior? MissingIdentity { get; set; }

    public HeaderValueEncoding? Encoding { get; set; }

    public List<Uri>? TrustedOrigins { get; set; }

    public bool? AllowAnyOrigin { get; set; }

    public bool? RequireHttps { get; set; }

    public int? MaxRedirections { get; set; }

    public int? MaxHeaderValueLength { get; set; }

    public int? MaxTotalLength { get; set; }

    public OversizedValueBehavior? OversizedValue { get; set; }

    /// <summary>Binds a section onto options.</summary>
    /// <exception cref="InvalidOperationException">A setting is not known or not of its type. The message has its path.</exception>
    internal static void Bind(IConfigurationSection section, ClaimInjectionOptions options)
    {
        // A misspelt safety setting that is quietly passed over would be none.
        if (section.Get<ClaimInjectionSettings>(binder => binder.ErrorOnUnknownConfiguration = true) is not { } settings)
        {
            return;
        }

        foreach (HeaderSettings header in settings.Headers ?? [])
        {
            options.Headers.Add(header.ToClaimHeader(section.Path));
        }

        foreach (Uri origin in settings.TrustedOrigins ?? [])
        {
            options.TrustedOrigins.Add(origin);
        }

        options.MissingIdentity = settings.MissingIdentity ?? options.MissingIdentity;
        options.Encoding = settings.Encoding ?? options.Encoding;
        options.AllowAnyOrigin = settings.AllowAnyOrigin ?? options.AllowAnyOrigin;
        options.RequireHttps = settings.RequireHttps ?? options.RequireHttps;
        options.MaxRedirections = settings.MaxRedirections ?? options.MaxRedirections;
        options.MaxHeaderValueLength = settings.MaxHeaderValueLength ?? options.MaxHeaderValueLength;
        options.MaxTotalLength = settings.MaxTotalLength ?? options.MaxTotalLength;
        options.OversizedValue = settings.OversizedValue ?? options.OversizedValue;
    }

    internal sealed class HeaderSettings
    {
        public string? HeaderName { get; set; }

        public List<string>? ClaimTypes { get; set; }

        public string? JsonPath { get; set; }

        public ClaimValueFormat Format { get; set; }

        public bool Required { get; set; }

        internal ClaimHeader ToClaimHeader(string path)
        {
            if (string.IsNullOrWhiteSpace(HeaderName) || ClaimTypes is not { Count: > 0 } || ClaimTypes.Any(string.IsNullOrWhiteSpace))
            {
                throw new InvalidOperationException(
                    $"The configuration '{path}:Headers' has an entry '{HeaderName}' without a HeaderName or ClaimTypes. Give each entry a "
                    + "HeaderName such as 'X-User-Groups' and a list of ClaimTypes such as [ 'groups' ].");
            }

            return new ClaimHeader(HeaderName, ClaimTypes) { JsonPath = JsonPath, Format = Format, Required = Required };
        }
    }
}
