using Dlc.Ptx.Machine;

namespace Dlc.Ptx.Decoding;

/// <summary>Where a variable lies.</summary>
/// <param name="Space">Its space.</param>
/// <param name="Address">Its address in that space.</param>
internal readonly record struct Symbol(Space Space, ulong Address);
