using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Memory;

/// <summary>A buffer whose size is an expression.</summary>
/// <param name="Bytes">Its size, padding included.</param>
/// <param name="Odd">Its size without padding, where that is not known to be none; else null.</param>
/// <param name="First">First step that touches it.</param>
/// <param name="Last">The last one, inclusive.</param>
internal readonly record struct SymbolicBuffer(Dim Bytes, Dim? Odd, int First, int Last);
