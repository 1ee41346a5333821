namespace Exchange.Bus.Timeliness;

/// <summary>What a person does about a light that is not green.</summary>
internal static class LightAdvice
{
    /// <returns>Null where there is nothing to do.</returns>
    public static string? Of(LightReading light)
    {
        if (light.Hold is { } hold) return hold.Next;
        if (light.Light is Light.None or Light.Green) return null;
        if (light.Key == LightKey.Resource(light.Key.Name))
        {
            return light.LastSuccess is null
                ? "It was never read: run `exchange sync` for a subscription of it, or give one a schedule (`exchange get schedules`) and keep `exchange run` running."
                : "See `exchange get runs` for why it was not read (was a hub running, is there a schedule?), and run `exchange sync` for a subscription of it.";
        }

        return light.ResourceIsLate
            ? "Its resource is late: nothing newer is there to be delivered."
            : $"Rows wait for it: is a hub running? `exchange get runs` shows the deliveries, `exchange sync {light.Key.Name}` delivers now.";
    }
}
