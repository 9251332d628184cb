namespace Dlc.Runtime.Execution;

/// <summary>What the loader found out about a carried value.</summary>
internal sealed class CarriedInfo
{
    /// <summary>The value that the body reads.</summary>
    public required int BodyIn { get; init; }

    /// <summary>Bind point of the start of the body.</summary>
    public required int BodyPoint { get; init; }

    /// <summary>The body's value is the body-in value itself: nothing ever changes.</summary>
    public required bool PassesThrough { get; init; }

    /// <summary>The body's value is computed right in the next buffer.</summary>
    public bool IsDirect { get; set; }

    /// <summary>Both buffers have their place in a planned block; otherwise they are blocks of their own that grow.</summary>
    public bool IsPlanned { get; set; }
}
