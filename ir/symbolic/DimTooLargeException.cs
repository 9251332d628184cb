namespace Dlc.IR.Symbolic;

/// <summary>Expanding a product of sums would have given more terms than <see cref="DimContext.MaximumTerms"/>.</summary>
public sealed class DimTooLargeException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DimTooLargeException(string message)
        : base(message)
    {
    }
}
