namespace McpIdentityHeaders.Internal;

/// <summary>Reads <see cref="ClaimInjectionOptions"/> from configuration: what is not there stays as it is.</summary>
internal static class ClaimInjectionSettings
{
    private const string Known = "Headers, MissingIdentity, Encoding, TrustedOrigins, AllowAnyOrigin, RequireHttps, MaxRedirections, "
        + "MaxHeaderValueLength, MaxTotalLength, OversizedValue and SharedSecret";

    /// <exception cref="InvalidOperationException">A setting is not known, or not of its type. The message has its path.</exception>
    internal static void Bind(IEnumerable<Setting> settings, ClaimInjectionOptions options)
    {
        foreach (Setting setting in settings)
        {
            Bind(setting, options);
        }
    }

    private static void Bind(Setting setting, ClaimInjectionOptions options)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "HEADERS":
                foreach (Setting header in setting.Children())
                {
                    options.Headers.Add(Header(header));
                }

                break;

            case "TRUSTEDORIGINS":
                foreach (Setting origin in setting.Children())
                {
                    options.TrustedOrigins.Add(origin.HttpUri());
                }

                break;

            case "MISSINGIDENTITY":
                options.MissingIdentity = setting.Choice<MissingIdentityBehavior>();
                break;

            case "ENCODING":
                options.Encoding = setting.Choice<HeaderValueEncoding>();
                break;

            case "OVERSIZEDVALUE":
                options.OversizedValue = setting.Choice<OversizedValueBehavior>();
                break;

            case "ALLOWANYORIGIN":
                options.AllowAnyOrigin = setting.Boolean();
                break;

            case "REQUIREHTTPS":
                options.RequireHttps = setting.Boolean();
                break;

            case "MAXREDIRECTIONS":
                options.MaxRedirections = setting.Number();
                break;

            case "MAXHEADERVALUELENGTH":
                options.MaxHeaderValueLength = setting.Number();
                break;

            case "MAXTOTALLENGTH":
                options.MaxTotalLength = setting.Number();
                break;

            case "SHAREDSECRET":
                options.SharedSecret = Secret(setting);
                break;

            default:
                throw setting.Unknown(Known);
        }
    }

    internal static SharedSecret Secret(Setting secret)
    {
        string? name = null;
        string? value = null;

        foreach (Setting setting in secret.Children())
        {
            switch (setting.Key.ToUpperInvariant())
            {
                case "HEADERNAME":
                    name = setting.Text();
                    break;

                case "VALUE":
                    value = setting.Text();
                    break;

                default:
                    throw setting.Unknown("HeaderName and Value");
            }
        }

        return name is not null && value is not null
            ? new SharedSecret(name, value)
            : throw secret.Invalid("has no HeaderName such as 'X-Gateway-Secret', or no Value");
    }

    internal static ClaimHeader Header(Setting header)
    {
        string? name = null;
        string? path = null;
        List<string> claimTypes = [];
        ClaimValueFormat format = default;
        bool required = false;

        foreach (Setting setting in header.Children())
        {
            switch (setting.Key.ToUpperInvariant())
            {
                case "HEADERNAME":
                    name = setting.Text();
                    break;

                case "CLAIMTYPES":
                    claimTypes.AddRange(setting.Children().Select(claimType => claimType.Text()));
                    break;

                case "JSONPATH":
                    path = setting.Text();
                    break;

                case "FORMAT":
                    format = setting.Choice<ClaimValueFormat>();
                    break;

                case "REQUIRED":
                    required = setting.Boolean();
                    break;

                default:
                    throw setting.Unknown("HeaderName, ClaimTypes, JsonPath, Format and Required");
            }
        }

        return name is not null && claimTypes.Count > 0
            ? new ClaimHeader(name, claimTypes) { JsonPath = path, Format = format, Required = required }
            : throw header.Invalid("has no HeaderName such as 'X-User-Groups', or no list of ClaimTypes such as [ 'groups' ]");
    }
}
