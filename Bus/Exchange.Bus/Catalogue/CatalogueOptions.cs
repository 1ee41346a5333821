namespace Exchange.Bus.Catalogue;

/// <summary>What the catalogue takes from the process around it.</summary>
internal sealed record CatalogueOptions
{
    /// <summary>Value of an environment variable, or null.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Who applies, for the record: user@host of the operating system until the hub knows users of its own.</summary>
    public string AppliedBy { get; init; } = $"{Environment.UserName}@{Environment.MachineName}";
}
