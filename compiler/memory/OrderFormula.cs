namespace Dlc.Compiler.Memory;

/// <summary>What one order of the steps needs.</summary>
/// <param name="Pieces">The peak is the largest of these; the one that is it most often comes first. Empty where the arena stays empty.</param>
/// <param name="Origins">For each step of the order the ONNX nodes it came from.</param>
public sealed record OrderFormula(IReadOnlyList<FormulaPiece> Pieces, IReadOnlyList<IReadOnlyList<string>> Origins);
