namespace Dlc.Runtime.Format;

/// <summary>
/// A value that a <see cref="LaunchStep"/> writes and one that it reads which may be the same memory: each element is read before the one in its place is
/// written. The runtime makes use of it where both have as many bytes and nobody needs what was read any more.
/// </summary>
/// <param name="Input">Position in <see cref="LaunchStep.Buffers"/> of what is read.</param>
/// <param name="Output">Position in <see cref="LaunchStep.Buffers"/> of what is written.</param>
public readonly record struct InPlaceBuffers(int Input, int Output);
