namespace Exchange.Bus.Quality.Conversion;

/// <summary>Why a value cannot be had in an item's type.</summary>
/// <param name="Rule">type, range, local-time, nul, size, not-finite or required.</param>
/// <param name="Message">For people of the provider.</param>
internal sealed record CellProblem(string Rule, string Message)
{
    public static CellProblem Type(string message) => new("type", message);

    public static CellProblem Range(string message) => new("range", message);
}
