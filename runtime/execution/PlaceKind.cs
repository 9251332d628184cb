namespace Dlc.Runtime.Execution;

/// <summary>What happens at a place in an order of steps.</summary>
internal enum PlaceKind : byte
{
    /// <summary>A launch, a copy, a size that is read, or the beginning of a branch or loop.</summary>
    Step,

    /// <summary>Between the branches of an If.</summary>
    Else,

    /// <summary>The results of a branch are handed on.</summary>
    EndIf,

    /// <summary>An iteration begins.</summary>
    Iterate,

    /// <summary>An iteration ends.</summary>
    Repeat,

    /// <summary>The results of a loop are handed on.</summary>
    EndLoop,
}
