namespace Dlc.Passes.Scheduling;

/// <summary>Two buffers of one size, by index: a step that is the last to mention the input can write the output over it.</summary>
public readonly record struct BufferPair(int Output, int Input);
