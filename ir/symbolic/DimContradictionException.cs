namespace Dlc.IR.Symbolic;

/// <summary>A relation was assumed or required that the known facts refute.</summary>
public sealed class DimContradictionException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DimContradictionException(string message)
        : base(message)
    {
    }
}
