namespace Dlc.Ptx.Text;

/// <summary>How the number of an immediate operand was written.</summary>
internal enum ImmediateKind
{
    /// <summary>A whole number, in two's complement.</summary>
    Integer,

    /// <summary><c>0f</c> and eight digits: the bits of an f32.</summary>
    Single,

    /// <summary><c>0d</c> and sixteen digits, or a decimal fraction: the bits of an f64.</summary>
    Double,
}
