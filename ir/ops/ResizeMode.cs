namespace Dlc.IR.Ops;

/// <summary>How <see cref="Resize"/> and <see cref="GridSample"/> make a value between elements.</summary>
public enum ResizeMode : byte
{
    Nearest,
    Linear,
    Cubic,
}
