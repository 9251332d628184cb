namespace Dlc.IR.Ops;

/// <summary>An operator has no derivative, or not with these attributes. Whoever differentiates gathers these into one error for the user.</summary>
public sealed class NoDerivativeException(string reason) : Exception(reason);
