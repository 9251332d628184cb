namespace Dlc.Passes.Memory;

/// <summary>
/// An output of a node that may be written over an input, as every element of the input is read before the output's element at its place is written, and
/// both have as many bytes. It happens where the input's memory is not needed any more after the node.
/// </summary>
/// <param name="Input">Position among the node's inputs.</param>
/// <param name="Output">Position among the node's outputs.</param>
public readonly record struct InPlacePair(int Input, int Output);
